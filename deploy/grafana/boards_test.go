package grafana_test

// The choices that dashboards share.
var (
	instances = variable{"instance", "Process", `label_values(up{job="tributary"}, instance)`}
	channels  = variable{"channel", "Channel", `label_values(tributary_webhooks_received_total, channel)`}
	sending   = variable{"channel", "Channel", `label_values(tributary_relay_uncertain_total, channel)`}
)

// quantiles asks for the middle, and for what one in twenty and one in a hundred exceed.
func quantiles(metric, labels string) []ask {
	var out []ask
	for _, q := range []struct{ of, name string }{{"0.5", "half below"}, {"0.95", "19 of 20 below"}, {"0.99", "99 of 100 below"}} {
		out = append(out, ask{`histogram_quantile(` + q.of + `, sum by (le) (rate(` + metric + `_bucket{` + labels + `}[$__rate_interval])))`, q.name})
	}
	return out
}

const ours = `{instance=~"$instance", channel=~"$channel"}[$__rate_interval]`

var boards = []board{
	{
		file: "edge", title: "edge", about: "What providers deliver, and how it is answered.", variables: []variable{instances, channels},
		rows: []row{
			{"Webhooks", []panel{
				{
					title: "Received", about: "Webhook requests by channel.", unit: "reqps", stacked: true,
					ask: []ask{{`sum by (channel) (rate(tributary_webhooks_received_total` + ours + `))`, "{{channel}}"}},
				},
				{
					title: "Refused", about: "Webhooks that were not taken, by reason. queue_unavailable, queue_full, internal and busy are ours: providers come again.",
					unit: "reqps", stacked: true,
					ask: []ask{{`sum by (reason) (rate(tributary_webhooks_rejected_total` + ours + `)) > 0`, "{{reason}}"}},
				},
				{
					title: "Without a valid proof", about: "Share of each channel's webhooks whose signature is bad or missing, or cannot be checked.", unit: "percentunit",
					ask: []ask{{
						`sum by (channel) (rate(tributary_webhooks_rejected_total{reason=~"bad|missing|no_secret", instance=~"$instance", channel=~"$channel"}[$__rate_interval]))
						/ (sum by (channel) (rate(tributary_webhooks_received_total` + ours + `)) > 0)`, "{{channel}}",
					}},
				},
				{
					title: "Time to durable", about: "From receipt of a webhook until its events are durable, which is when it is answered.", unit: "s",
					ask: quantiles("tributary_webhook_append_seconds", `instance=~"$instance"`),
				},
				{
					title: "Events queued", about: "What the webhooks held, by kind.", unit: "cps", stacked: true,
					ask: []ask{{`sum by (kind) (rate(tributary_events_queued_total` + ours + `))`, "{{kind}}"}},
				},
				{
					title: "Odd ones", about: "Events for nobody, webhooks let in without proof (WEBHOOK_SIGNATURE_MODE=observe), panics of decoders.", unit: "cps",
					ask: []ask{
						{`sum(rate(tributary_events_unrouted_total` + ours + `))`, "for nobody"},
						{`sum(rate(tributary_webhooks_observed_total` + ours + `))`, "let in without proof"},
						{`sum(rate(tributary_decoder_panics_total` + ours + `))`, "panics"},
					},
				},
			}},
			{"Spool, while Redis is away", []panel{
				{
					title: "Events in the spool", about: "They wait on the edge's own disk for Redis.", unit: "short",
					ask: []ask{{`tributary_spool_depth{instance=~"$instance"}`, "{{instance}}"}},
				},
				{
					title: "Spool filled", about: "When it is full, webhooks are answered 503.", unit: "percentunit",
					ask: []ask{{`tributary_spool_bytes{instance=~"$instance"} / tributary_spool_max_bytes{instance=~"$instance"}`, "{{instance}}"}},
				},
				{
					title: "Requests refused as too many", about: "By rule, of all clients.", unit: "reqps",
					ask: []ask{{`sum by (rule) (rate(tributary_requests_throttled_total{instance=~"$instance"}[$__rate_interval]))`, "{{rule}}"}},
				},
			}},
		},
	},
	{
		file: "queue", title: "queue", about: "From the queue to what agents see, and deferred work.", variables: []variable{instances},
		rows: []row{
			{"Events", []panel{
				{
					title: "Age of the oldest event", about: "By partition. All processes see the same.", unit: "s",
					ask: []ask{{`max by (partition) (tributary_queue_oldest_seconds)`, "partition {{partition}}"}},
				},
				{
					title: "Events in the queue", about: "Not yet read; read and not yet applied; put off by the flood guard or to be tried again.", unit: "short",
					ask: []ask{
						{`sum(max by (partition) (tributary_queue_depth))`, "waiting"},
						{`sum(max by (partition) (tributary_queue_pending))`, "pending"},
						{`sum(max by (partition) (tributary_queue_delayed))`, "delayed"},
					},
				},
				{
					title: "Queued and applied", about: "When applied stays below queued, the queue grows.", unit: "cps",
					ask: []ask{
						{`sum(rate(tributary_events_queued_total[$__rate_interval]))`, "queued"},
						{`sum(rate(tributary_events_applied_total[$__rate_interval]))`, "applied"},
						{`sum(rate(tributary_events_duplicate_total[$__rate_interval]))`, "there already"},
					},
				},
				{
					title: "Receipt to visible", about: "From receipt of a webhook until agents can see its message.", unit: "s",
					ask: quantiles("tributary_receipt_to_visible_seconds", `instance=~"$instance"`),
				},
				{
					title: "Time of a batch", about: "To apply one batch of events; 19 of 20 below, by outcome. split: it failed and was tried event by event.", unit: "s",
					ask: []ask{{
						`histogram_quantile(0.95, sum by (le, outcome) (rate(tributary_worker_batch_seconds_bucket{instance=~"$instance"}[$__rate_interval])))`, "{{outcome}}",
					}},
				},
				{
					title: "Applied again", about: "Batches and events that had to be applied again, by reason; events put off by the flood guard.", unit: "cps",
					ask: []ask{
						{`sum by (reason) (rate(tributary_worker_retries_total{instance=~"$instance"}[$__rate_interval]))`, "{{reason}}"},
						{`sum(rate(tributary_events_delayed_total{instance=~"$instance"}[$__rate_interval]))`, "put off"},
					},
				},
				{
					title: "Dead letters", about: "Events that were given up and wait for a person, by channel.", unit: "short",
					ask: []ask{{`max by (channel) (tributary_queue_dead)`, "{{channel}}"}},
				},
				{
					title: "Partitions by process", about: "Who holds how many.", unit: "short", stacked: true,
					ask: []ask{{`tributary_queue_partitions_leased{instance=~"$instance"}`, "{{instance}}"}},
				},
				{
					title: "Size of the queue", about: "Applied events are kept for replay until QUEUE_RETENTION or QUEUE_MAX_BYTES.", unit: "bytes",
					ask: []ask{{`max(tributary_queue_bytes)`, "queue"}},
				},
			}},
			{"Deferred work", []panel{
				{
					title: "Oldest that is due", about: "How long the oldest job that could run has waited, by lane.", unit: "s",
					ask: []ask{{`max by (lane) (tributary_jobs_oldest_due_seconds)`, "{{lane}}"}},
				},
				{
					title: "Jobs due", about: "Those that run are among them. Counts end at 10,000.", unit: "short",
					ask: []ask{{`max by (lane) (tributary_jobs{state="due"})`, "{{lane}}"}},
				},
				{
					title: "Jobs given up", about: "They stay where they are; new ones are news.", unit: "short",
					ask: []ask{{`max by (lane) (tributary_jobs{state="dead"})`, "{{lane}}"}},
				},
			}},
		},
	},
	{
		file: "channels", title: "channels", about: "One channel after the other: what comes, what goes, what fails.", variables: []variable{channels},
		rows: []row{
			{"In and out", []panel{
				{
					title: "Applied", about: "Events that became something agents see, by channel.", unit: "cps", stacked: true,
					ask: []ask{{`sum by (channel) (rate(tributary_events_applied_total{channel=~"$channel"}[$__rate_interval]))`, "{{channel}}"}},
				},
				{
					title: "Sent", about: "Parts of replies that providers took, by channel.", unit: "cps", stacked: true,
					ask: []ask{{`sum by (channel) (rate(tributary_relay_attempts_total{channel=~"$channel", outcome="sent"}[$__rate_interval]))`, "{{channel}}"}},
				},
				{
					title: "Not sent", about: "Replies that failed for good, by channel.", unit: "cps", stacked: true,
					ask: []ask{{`sum by (channel) (rate(tributary_relay_attempts_total{channel=~"$channel", outcome="failed"}[$__rate_interval]))`, "{{channel}}"}},
				},
				{
					title: "Refused webhooks", about: "By channel and reason.", unit: "reqps",
					ask: []ask{{
						`sum by (channel, reason) (rate(tributary_webhooks_rejected_total{channel=~"$channel"}[$__rate_interval])) > 0`, "{{channel}}: {{reason}}",
					}},
				},
				{
					title: "Time of a call to the provider", about: "19 of 20 below, by channel.", unit: "s",
					ask: []ask{{
						`histogram_quantile(0.95, sum by (le, channel) (rate(tributary_relay_send_seconds_bucket{channel=~"$channel"}[$__rate_interval])))`, "{{channel}}",
					}},
				},
				{
					title: "Waits for the rate limit", about: "Sends that waited because the provider takes only so many a second.", unit: "cps",
					ask: []ask{{`sum by (channel) (rate(tributary_relay_limiter_waits_total{channel=~"$channel"}[$__rate_interval]))`, "{{channel}}"}},
				},
			}},
			{"Breakers and dead letters", []panel{
				{
					title: "Circuit breakers", about: "Of inboxes: 0 closed, 1 half open, 2 open. An open one holds its replies back.", unit: "short", wide: 12,
					ask: []ask{{`max by (channel, inbox) (tributary_relay_breaker_state{channel=~"$channel"})`, "{{channel}} {{inbox}}"}},
				},
				{
					title: "Dead letters", about: "Events that were given up and wait for a person.", unit: "short", wide: 12,
					ask: []ask{{`max by (channel) (tributary_queue_dead{channel=~"$channel"})`, "{{channel}}"}},
				},
			}},
		},
	},
	{
		file: "relay", title: "relay", about: "What agents answer, and what customers' endpoints are told.", variables: []variable{instances, sending},
		rows: []row{
			{"Replies", []panel{
				{
					title: "Waiting replies", about: "All; tried before; due and taken by no relay. Counts end at 10,000.", unit: "short",
					ask: []ask{{`max by (state) (tributary_deliveries)`, "{{state}}"}},
				},
				{
					title: "Age", about: "Of the oldest reply that its provider has not taken, and how long the oldest due one waits for a relay.", unit: "s",
					ask: []ask{
						{`max(tributary_deliveries_oldest_seconds)`, "oldest"},
						{`max(tributary_deliveries_overdue_seconds)`, "overdue"},
					},
				},
				{
					title: "Accepted to called", about: "From the agent's click to the first call of the provider.", unit: "s",
					ask: quantiles("tributary_relay_accepted_to_called_seconds", `instance=~"$instance"`),
				},
				{
					title: "Calls by outcome", about: "sent, the class of a refusal, breaker_open; failed: for good.", unit: "cps", stacked: true,
					ask: []ask{{`sum by (outcome) (rate(tributary_relay_attempts_total` + ours + `))`, "{{outcome}}"}},
				},
				{
					title: "Time of a call", about: "To a provider.", unit: "s",
					ask: quantiles("tributary_relay_send_seconds", `instance=~"$instance", channel=~"$channel"`),
				},
				{
					title: "In flight", about: "Messages being sent now, by process.", unit: "short", stacked: true,
					ask: []ask{{`tributary_relay_in_flight{instance=~"$instance"}`, "{{instance}}"}},
				},
				{
					title: "Inboxes with an open breaker", about: "By channel.", unit: "short",
					ask: []ask{{
						`count by (channel) (max by (channel, inbox) (tributary_relay_breaker_state{channel=~"$channel"}) == 2)
						or 0 * count by (channel) (tributary_relay_breaker_state{channel=~"$channel"})`, "{{channel}}",
					}},
				},
				{
					title: "Uncertain sends", about: "Replies sent again although a crashed process may have sent them, since the start of each process.", unit: "short",
					ask: []ask{{`sum by (channel) (tributary_relay_uncertain_total{instance=~"$instance", channel=~"$channel"})`, "{{channel}}"}},
				},
				{
					title: "Waits for the rate limit", about: "By channel.", unit: "cps",
					ask: []ask{{`sum by (channel) (rate(tributary_relay_limiter_waits_total` + ours + `))`, "{{channel}}"}},
				},
			}},
			{"Outgoing webhooks", []panel{
				{
					title: "Attempts by outcome", about: "failed and expired are given up.", unit: "cps", stacked: true,
					ask: []ask{{`sum by (outcome) (rate(tributary_webhook_attempts_total{instance=~"$instance"}[$__rate_interval]))`, "{{outcome}}"}},
				},
				{
					title: "Event to delivery", about: "19 of 20 below, by kind of endpoint.", unit: "s",
					ask: []ask{{
						`histogram_quantile(0.95, sum by (le, kind) (rate(tributary_webhook_delivered_after_seconds_bucket{instance=~"$instance"}[$__rate_interval])))`, "{{kind}}",
					}},
				},
				{
					title: "Time of a call", about: "19 of 20 below, by kind of endpoint.", unit: "s",
					ask: []ask{{
						`histogram_quantile(0.95, sum by (le, kind) (rate(tributary_webhook_call_seconds_bucket{instance=~"$instance"}[$__rate_interval])))`, "{{kind}}",
					}},
				},
				{
					title: "Endpoints left alone", about: "Their circuit breakers are open.", unit: "short", wide: 12,
					ask: []ask{{`sum(tributary_webhook_breakers_open{instance=~"$instance"})`, "endpoints"}},
				},
				{
					title: "Calls under way", about: "By process.", unit: "short", wide: 12,
					ask: []ask{{`tributary_webhook_in_flight{instance=~"$instance"}`, "{{instance}}"}},
				},
			}},
		},
	},
	{
		file: "api", title: "API", about: "What agents, their dashboards and customers' programs ask, and the live wire.",
		variables: []variable{instances, {"route", "Route", `label_values(tributary_api_requests_total, route)`}},
		rows: []row{
			{"Requests", []panel{
				{
					title: "Requests by status", about: "5xx are ours.", unit: "reqps", stacked: true,
					ask: []ask{{`sum by (status) (rate(tributary_api_requests_total{instance=~"$instance", route=~"$route"}[$__rate_interval]))`, "{{status}}"}},
				},
				{
					title: "Share that fails", about: "5xx of all. 0.1 % in 30 days is what we allow ourselves.", unit: "percentunit",
					ask: []ask{{
						`(sum(rate(tributary_api_requests_total{status=~"5..", instance=~"$instance", route=~"$route"}[$__rate_interval])) or vector(0))
						/ sum(rate(tributary_api_requests_total{instance=~"$instance", route=~"$route"}[$__rate_interval]))`, "5xx",
					}},
				},
				{
					title: "Time of an answer", about: "Of the chosen routes.", unit: "s",
					ask: quantiles("tributary_api_request_seconds", `instance=~"$instance", route=~"$route"`),
				},
				{
					title: "Slowest routes", about: "Mean time of an answer: the ten slowest.", unit: "s", wide: 12,
					ask: []ask{{
						`topk(10, sum by (method, route) (rate(tributary_api_request_seconds_sum{instance=~"$instance", route=~"$route"}[$__rate_interval]))
						/ (sum by (method, route) (rate(tributary_api_request_seconds_count{instance=~"$instance", route=~"$route"}[$__rate_interval])) > 0))`, "{{method}} {{route}}",
					}},
				},
				{
					title: "Routes that fail", about: "5xx by route.", unit: "reqps", wide: 12,
					ask: []ask{{
						`sum by (method, route) (rate(tributary_api_requests_total{status=~"5..", instance=~"$instance", route=~"$route"}[$__rate_interval])) > 0`,
						"{{method}} {{route}}",
					}},
				},
			}},
			{"Live wire", []panel{
				{
					title: "Open websockets", about: "Dashboards and other clients of /cable, by process.", unit: "short", stacked: true,
					ask: []ask{{`tributary_live_sockets{instance=~"$instance"}`, "{{instance}}"}},
				},
				{
					title: "Frames sent", about: "To clients, pings among them; and what they sent.", unit: "cps",
					ask: []ask{
						{`sum(rate(tributary_live_frames_total{instance=~"$instance"}[$__rate_interval]))`, "frames"},
						{`sum(rate(tributary_live_commands_total{instance=~"$instance"}[$__rate_interval]))`, "commands of clients"},
						{`sum(rate(tributary_live_sockets_opened_total{instance=~"$instance"}[$__rate_interval]))`, "sockets opened"},
					},
				},
				{
					title: "Lost and slow", about: "Events that clients were not told of, packets that Redis did not take, clients that were too slow.", unit: "cps",
					ask: []ask{
						{`sum(rate(tributary_live_lost_events_total{instance=~"$instance"}[$__rate_interval]))`, "events lost"},
						{`sum(rate(tributary_live_publish_failures_total{instance=~"$instance"}[$__rate_interval]))`, "packets not taken"},
						{`sum(rate(tributary_live_slow_clients_total{instance=~"$instance"}[$__rate_interval]))`, "slow clients"},
					},
				},
			}},
		},
	},
	{
		file: "whatsapp", title: "WhatsApp numbers", about: "Where numbers stand, and what is asked of Meta.",
		variables: []variable{{"inbox", "Inbox", `label_values(tributary_whatsapp_number_state, inbox_id)`}},
		rows: []row{
			{"Numbers", []panel{
				{
					title: "Numbers by state", about: "registered is live; waiting_for_meta is Meta's turn; needs_admin, auth_error and abandoned are a person's.", unit: "short", stacked: true, wide: 12,
					ask: []ask{{`max by (state) (tributary_whatsapp_numbers)`, "{{state}}"}},
				},
				{
					title: "Not connected", about: "Live numbers that Meta does not show as connected.", unit: "short", wide: 12,
					ask: []ask{{
						`count(max by (inbox_id) ((tributary_whatsapp_number_connected == 0) and on (phone_number_id, instance) tributary_whatsapp_number_state{state="registered"})) or vector(0)`,
						"numbers",
					}},
				},
				{
					title: "Where each number stands", about: "Its state and what is required of a person.", unit: "short", kind: "table", wide: 24,
					ask: []ask{{`max by (account_id, inbox_id, state, required_action) (tributary_whatsapp_number_state{inbox_id=~"$inbox"}) == 1`, ""}},
				},
				{
					title: "Quality", about: "3 green, 2 yellow, 1 red, 0 unknown.", unit: "short",
					ask: []ask{{`max by (inbox_id) (tributary_whatsapp_number_quality{inbox_id=~"$inbox"})`, "inbox {{inbox_id}}"}},
				},
				{
					title: "Since when", about: "How long each number has been in its state.", unit: "s",
					ask: []ask{{`max by (inbox_id) (time() - tributary_whatsapp_number_state_since_seconds{inbox_id=~"$inbox"})`, "inbox {{inbox_id}}"}},
				},
				{
					title: "Attempts in 72 hours", about: "Calls of register; Meta takes 10.", unit: "short",
					ask: []ask{{`max by (inbox_id) (tributary_whatsapp_number_attempts_72h{inbox_id=~"$inbox"})`, "inbox {{inbox_id}}"}},
				},
				{
					title: "Age of what is known", about: "Since the health was last read, and how long the number that waits longest is overdue for a look.", unit: "s", wide: 12,
					ask: []ask{
						{`max by (inbox_id) (time() - (tributary_whatsapp_number_checked_seconds{inbox_id=~"$inbox"} > 0))`, "inbox {{inbox_id}}"},
						{`max(tributary_whatsapp_overdue_seconds)`, "overdue"},
					},
				},
				{
					title: "Reads that fail", about: "1 while the newest read of a number's health failed.", unit: "short", wide: 12,
					ask: []ask{{`max by (inbox_id) (tributary_whatsapp_number_read_failing{inbox_id=~"$inbox"})`, "inbox {{inbox_id}}"}},
				},
			}},
			{"Meta", []panel{
				{
					title: "Calls", about: "Of the Graph API about numbers, by call and result.", unit: "cps", stacked: true,
					ask: []ask{{`sum by (call, result) (rate(tributary_whatsapp_graph_calls_total[$__rate_interval]))`, "{{call}}: {{result}}"}},
				},
				{
					title: "Time of a call", about: "19 of 20 below, by call.", unit: "s",
					ask: []ask{{`histogram_quantile(0.95, sum by (le, call) (rate(tributary_whatsapp_graph_seconds_bucket[$__rate_interval])))`, "{{call}}"}},
				},
				{
					title: "What Meta tells", about: "Management webhooks by field, in an hour; waits for the quota of a business account.", unit: "short",
					ask: []ask{
						{`sum by (field) (increase(tributary_whatsapp_management_webhooks_total[1h]))`, "{{field}}"},
						{`sum(increase(tributary_whatsapp_quota_waits_total[1h]))`, "waits for the quota"},
						{`sum by (outcome) (increase(tributary_whatsapp_registration_attempts_total[1h]))`, "registration: {{outcome}}"},
					},
				},
			}},
		},
	},
	{
		file: "runtime", title: "runtime", about: "The processes, their disks, and their connections.", variables: []variable{instances},
		rows: []row{
			{"Processes", []panel{
				{
					title: "Up", about: "1: Prometheus reaches the process.", unit: "short",
					ask: []ask{{`up{job="tributary", instance=~"$instance"}`, "{{role}} {{instance}}"}},
				},
				{
					title: "Parts out of order", about: "Of /readyz. Nothing is shown while all are in order.", unit: "short",
					ask: []ask{{`tributary_ready{instance=~"$instance"} == 0`, "{{instance}}: {{part}}"}},
				},
				{
					title: "What is running", about: "Version and Go of each process.", unit: "short", kind: "table",
					ask: []ask{{`max by (instance, version, go) (tributary_build_info{instance=~"$instance"})`, ""}},
				},
				{
					title: "Uptime", about: "Since the start of the process.", unit: "s",
					ask: []ask{{`time() - process_start_time_seconds{job="tributary", instance=~"$instance"}`, "{{instance}}"}},
				},
				{
					title: "Processor", about: "1 is one processor.", unit: "short",
					ask: []ask{{`rate(process_cpu_seconds_total{job="tributary", instance=~"$instance"}[$__rate_interval])`, "{{instance}}"}},
				},
				{
					title: "Memory", about: "Resident; and what lives on Go's heap.", unit: "bytes",
					ask: []ask{
						{`process_resident_memory_bytes{job="tributary", instance=~"$instance"}`, "{{instance}}"},
						{`go_memstats_heap_alloc_bytes{job="tributary", instance=~"$instance"}`, "{{instance}} heap"},
					},
				},
				{
					title: "Goroutines", about: "Each open socket has some.", unit: "short",
					ask: []ask{{`go_goroutines{job="tributary", instance=~"$instance"}`, "{{instance}}"}},
				},
				{
					title: "File descriptors", about: "Used, of those allowed.", unit: "percentunit",
					ask: []ask{{
						`process_open_fds{job="tributary", instance=~"$instance"} / process_max_fds{job="tributary", instance=~"$instance"}`, "{{instance}}",
					}},
				},
				{
					title: "Pauses of garbage collection", about: "The longest of the last minutes.", unit: "s",
					ask: []ask{{`go_gc_duration_seconds{quantile="1", job="tributary", instance=~"$instance"}`, "{{instance}}"}},
				},
			}},
			{"Database, Redis, disk", []panel{
				{
					title: "Database connections", about: "Used and idle, by pool; and how many there may be.", unit: "short",
					ask: []ask{
						{`sum by (instance, pool, state) (tributary_database_connections{instance=~"$instance"})`, "{{instance}} {{pool}} {{state}}"},
						{`tributary_database_connections_max{instance=~"$instance"}`, "{{instance}} {{pool}} at most"},
					},
				},
				{
					title: "Waiting for a connection", about: "How many callers wait, on average.", unit: "short",
					ask: []ask{
						{`rate(tributary_database_wait_seconds_total{instance=~"$instance"}[$__rate_interval])`, "{{instance}} {{pool}}"},
						{`rate(tributary_redis_wait_seconds_total{instance=~"$instance"}[$__rate_interval])`, "{{instance}} Redis"},
					},
				},
				{
					title: "Statements", about: "Of the database, and how often one waited for a connection.", unit: "cps",
					ask: []ask{
						{`rate(tributary_database_statements_total{instance=~"$instance"}[$__rate_interval])`, "{{instance}}"},
						{`sum by (instance) (rate(tributary_database_waits_total{instance=~"$instance"}[$__rate_interval]))`, "{{instance}} waits"},
					},
				},
				{
					title: "Redis connections", about: "Used and idle; calls that got none in time.", unit: "short",
					ask: []ask{
						{`tributary_redis_connections{instance=~"$instance"}`, "{{instance}} {{state}}"},
						{`increase(tributary_redis_timeouts_total{instance=~"$instance"}[$__rate_interval])`, "{{instance}} time-outs"},
					},
				},
				{
					title: "Disk of DATA_DIR, free", about: "What the process may still write.", unit: "bytes",
					ask: []ask{{`tributary_data_dir_free_bytes{instance=~"$instance"}`, "{{instance}}"}},
				},
				{
					title: "Disk of DATA_DIR, used", about: "By whatever is there.", unit: "percentunit",
					ask: []ask{{`1 - tributary_data_dir_free_bytes{instance=~"$instance"} / tributary_data_dir_size_bytes{instance=~"$instance"}`, "{{instance}}"}},
				},
			}},
		},
	},
}
