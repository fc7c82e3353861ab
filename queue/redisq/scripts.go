package redisq

import "github.com/redis/go-redis/v9"

// fence begins every script of a reader: KEYS[1] is the lease, ARGV[1] the token.
const fence = `
local held = redis.call('GET', KEYS[1])
if not held or string.sub(held, 1, 32) ~= ARGV[1] then return redis.error_reply('LEASELOST') end
`

// scripts of the log. The arguments are named at the top of each.
type scripts struct {
	lease, adopt, renew, release *redis.Script
	next, ack, delay, dead       *redis.Script
	replay, discard, trim        *redis.Script
}

func newScripts() *scripts {
	s := redis.NewScript
	return &scripts{
		lease: s(leaseLua), adopt: s(fence + adoptLua), renew: s(fence + renewLua), release: s(fence + releaseLua),
		next: s(fence + nextLua), ack: s(fence + ackLua), delay: s(fence + delayLua), dead: s(fence + deadLua),
		replay: s(replayLua), discard: s(discardLua), trim: s(trimLua),
	}
}

// leaseLua takes a partition. It answers -1 when another owner has it, 1 when the
// last owner had not given it back, else 0.
// KEYS lease, released, given; ARGV token, owner, ttl in ms.
const leaseLua = `
local held = redis.call('GET', KEYS[1])
if held and string.sub(held, 33) ~= ARGV[2] then return -1 end
redis.call('SET', KEYS[1], ARGV[1] .. ARGV[2], 'PX', ARGV[3])
redis.call('DEL', KEYS[3])
return 1 - redis.call('DEL', KEYS[2])
`

// adoptLua gives a portion of everything pending to the partition's consumer,
// whichever consumer had read it, and counts it as given back when ARGV[5] is 1.
// It answers where to go on. KEYS lease, stream, tries; ARGV token, group,
// consumer, cursor, whether it counts.
const adoptLua = `
local got = redis.call('XAUTOCLAIM', KEYS[2], ARGV[2], ARGV[3], 0, ARGV[4], 'COUNT', 200, 'JUSTID')
if ARGV[5] == '1' then
  for _, id in ipairs(got[2]) do redis.call('HINCRBY', KEYS[3], id, 1) end
end
return got[1]
`

// KEYS lease; ARGV token, ttl in ms.
const renewLua = `return redis.call('PEXPIRE', KEYS[1], ARGV[2])`

// KEYS lease, released; ARGV token.
const releaseLua = `
redis.call('DEL', KEYS[1])
redis.call('SET', KEYS[2], 1)
return 1
`

// nextLua reads. It answers {kind, entries, last, due}: kind 1 for entries in the
// order of the stream, 2 for delayed ones that are due, 0 for none; an entry is
// {id, fields, attempts}; last is the last entry that was ever read; due is the
// time of the next delayed entry in ms, or -1.
//
// Entries after ARGV[6], the last one that the reader got, which are pending
// already come first: they are a predecessor's, or those of an answer that was
// lost. Due entries stay in "given" until the reader says in its next call that it
// got them.
// KEYS lease, stream, due, delayed, tries, given; ARGV token, group, consumer,
// max, now in ms, after, and the due entries that the reader got.
const nextLua = `
for i = 7, #ARGV do redis.call('HDEL', KEYS[6], ARGV[i]) end
local tries = redis.call('EXISTS', KEYS[5]) == 1
local function entry(id, fields)
  return {id, fields, tries and redis.call('HGET', KEYS[5], id) or '0'}
end
local function read(after)
  local out = {}
  local got = redis.call('XREADGROUP', 'GROUP', ARGV[2], ARGV[3], 'COUNT', ARGV[4], 'STREAMS', KEYS[2], after)
  if not got then return out end
  for _, e in ipairs(got[1][2]) do
    if e[2] then out[#out + 1] = entry(e[1], e[2])
    else redis.call('XACK', KEYS[2], ARGV[2], e[1]) end
  end
  return out
end
local out = read(ARGV[6])
if #out > 0 then return {1, out, '', -1} end

local last = '0-0'
for _, g in ipairs(redis.call('XINFO', 'GROUPS', KEYS[2])) do
  local info = {}
  for i = 1, #g, 2 do info[g[i]] = g[i + 1] end
  if info['name'] == ARGV[2] then last = info['last-delivered-id'] end
end

local ids = redis.call('HKEYS', KEYS[6])
if #ids == 0 then
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', ARGV[5], 'LIMIT', 0, ARGV[4])) do
    local ms, seq = string.match(member, '^(%d+)-0*(%d+)$')
    local id = ms .. '-' .. seq
    redis.call('ZREM', KEYS[3], member)
    redis.call('HDEL', KEYS[4], id)
    if #redis.call('XCLAIM', KEYS[2], ARGV[2], ARGV[3], 0, id, 'FORCE', 'JUSTID') > 0 then
      redis.call('HSET', KEYS[6], id, 1)
      ids[#ids + 1] = id
    end
  end
end
for _, id in ipairs(ids) do
  local got = redis.call('XRANGE', KEYS[2], id, id)
  if got[1] then out[#out + 1] = entry(id, got[1][2]) else redis.call('HDEL', KEYS[6], id) end
end
if #out > 0 then return {2, out, last, -1} end

out = read('>')
if #out > 0 then return {1, out, '', -1} end
local soonest = redis.call('ZRANGE', KEYS[3], 0, 0, 'WITHSCORES')
return {0, out, last, soonest[2] or '-1'}
`

// KEYS lease, stream, tries, given; ARGV token, group, ids.
const ackLua = `
local tries = redis.call('EXISTS', KEYS[3]) == 1
local given = redis.call('EXISTS', KEYS[4]) == 1
for i = 3, #ARGV do
  redis.call('XACK', KEYS[2], ARGV[2], ARGV[i])
  if tries then redis.call('HDEL', KEYS[3], ARGV[i]) end
  if given then redis.call('HDEL', KEYS[4], ARGV[i]) end
end
return 1
`

// delayLua answers 0 when the entry is not pending.
// KEYS lease, stream, due, delayed, tries, given; ARGV token, group, id, member,
// due in ms, key and reason.
const delayLua = `
if #redis.call('XPENDING', KEYS[2], ARGV[2], ARGV[3], ARGV[3], 1) == 0 then
  if redis.call('HGET', KEYS[4], ARGV[3]) == ARGV[6] and tonumber(redis.call('ZSCORE', KEYS[3], ARGV[4])) == tonumber(ARGV[5]) then return 1 end
  return 0
end
redis.call('XACK', KEYS[2], ARGV[2], ARGV[3])
redis.call('HDEL', KEYS[6], ARGV[3])
if #redis.call('XRANGE', KEYS[2], ARGV[3], ARGV[3]) == 0 then return 0 end
redis.call('ZADD', KEYS[3], ARGV[5], ARGV[4])
redis.call('HSET', KEYS[4], ARGV[3], ARGV[6])
redis.call('HINCRBY', KEYS[5], ARGV[3], 1)
return 1
`

// deadLua answers 0 when the entry is not pending. It takes the entry out of the
// stream, so that it does not hold retention back.
// KEYS lease, stream, tries, given, dead, dead letter, counts; ARGV token, group,
// id, full id, reason, now in ms.
const deadLua = `
if #redis.call('XPENDING', KEYS[2], ARGV[2], ARGV[3], ARGV[3], 1) == 0 then return redis.call('EXISTS', KEYS[6]) end
local got = redis.call('XRANGE', KEYS[2], ARGV[3], ARGV[3])[1]
redis.call('XACK', KEYS[2], ARGV[2], ARGV[3])
redis.call('HDEL', KEYS[4], ARGV[3])
local attempts = 1 + (tonumber(redis.call('HGET', KEYS[3], ARGV[3])) or 0)
redis.call('HDEL', KEYS[3], ARGV[3])
if not got then return 0 end
redis.call('HSET', KEYS[6], 'a', attempts, 'r', ARGV[5], 'd', ARGV[6], unpack(got[2]))
redis.call('ZADD', KEYS[5], ARGV[6], ARGV[4])
redis.call('HINCRBY', KEYS[7], redis.call('HGET', KEYS[6], 'c') or '', 1)
redis.call('XDEL', KEYS[2], ARGV[3])
return 1
`

// bury takes a dead letter away. KEYS dead, dead letter, counts; ARGV full id.
const bury = `
local function bury()
  local channel = redis.call('HGET', KEYS[2], 'c') or ''
  redis.call('DEL', KEYS[2])
  redis.call('ZREM', KEYS[1], ARGV[1])
  if redis.call('HINCRBY', KEYS[3], channel, -1) <= 0 then redis.call('HDEL', KEYS[3], channel) end
end
`

const discardLua = bury + `
if redis.call('EXISTS', KEYS[2]) == 0 then return 0 end
bury()
return 1
`

// replayLua answers 0 when the entry is neither dead nor done.
// KEYS dead, dead letter, counts, target stream, stream, delayed; ARGV full id,
// group, id.
const replayLua = bury + `
if redis.call('EXISTS', KEYS[2]) == 1 then
  local f = redis.call('HMGET', KEYS[2], 'k', 'c', 'p')
  redis.call('XADD', KEYS[4], '*', 'k', f[1], 'c', f[2], 'p', f[3])
  bury()
  return 1
end
local got = redis.call('XRANGE', KEYS[5], ARGV[3], ARGV[3])[1]
if not got or redis.call('HEXISTS', KEYS[6], ARGV[3]) == 1 then return 0 end
if #redis.call('XPENDING', KEYS[5], ARGV[2], ARGV[3], ARGV[3], 1) > 0 then return 0 end
local read = false
for _, g in ipairs(redis.call('XINFO', 'GROUPS', KEYS[5])) do
  local info = {}
  for i = 1, #g, 2 do info[g[i]] = g[i + 1] end
  if info['name'] == ARGV[2] then
    read = #redis.call('XRANGE', KEYS[5], ARGV[3], info['last-delivered-id'], 'COUNT', 1) > 0
  end
end
if not read then return 0 end
redis.call('XADD', KEYS[4], '*', unpack(got[2]))
return 1
`

// trimLua removes up to ARGV[3] of the oldest entries that were acknowledged and
// appended up to ARGV[2] (ms), and answers their number. It never goes beyond the
// first entry that is pending, delayed or not yet read.
// KEYS stream, delayed; ARGV group, cutoff, count.
const trimLua = `
local function parse(id)
  local ms, seq = string.match(id, '^(%d+)-(%d+)$')
  return tonumber(ms), tonumber(seq)
end
local ms, seq = tonumber(ARGV[2]) + 1, 0
local function below(m, s)
  if m < ms or (m == ms and s < seq) then ms, seq = m, s end
end
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
local known = false
for _, g in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
  local info = {}
  for i = 1, #g, 2 do info[g[i]] = g[i + 1] end
  if info['name'] == ARGV[1] then
    known = true
    local m, s = parse(info['last-delivered-id'])
    below(m, s + 1)
  end
end
if not known then return 0 end
local pending = redis.call('XPENDING', KEYS[1], ARGV[1])
if pending[1] > 0 then below(parse(pending[2])) end
for _, id in ipairs(redis.call('HKEYS', KEYS[2])) do below(parse(id)) end
local bound = string.format('%.0f-%.0f', ms, seq)
local got = redis.call('XRANGE', KEYS[1], '-', '(' .. bound, 'COUNT', ARGV[3])
if #got == 0 then return 0 end
local m, s = parse(got[#got][1])
return redis.call('XTRIM', KEYS[1], 'MINID', '=', string.format('%.0f-%.0f', m, s + 1))
`
