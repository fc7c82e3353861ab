package twitter

// user is a profile. Direct messages give the id as text, tweets as a number
// beside id_str.
type user struct {
	ID          id      `json:"id"`
	IDStr       id      `json:"id_str"`
	Name        string  `json:"name"`
	ScreenName  string  `json:"screen_name"`
	Location    string  `json:"location"`
	URL         string  `json:"url"`
	Description string  `json:"description"`
	Followers   float64 `json:"followers_count"`
	Friends     float64 `json:"friends_count"`
	Image       string  `json:"profile_image_url"`
	ImageHTTPS  string  `json:"profile_image_url_https"`
}

func (u *user) id() string { return either(u.IDStr, u.ID) }

func either(text, number id) string {
	if text != "" {
		return string(text)
	}
	return string(number)
}

type target struct {
	Recipient id `json:"recipient_id"`
}

// directMessage is an element of direct_message_events.
type directMessage struct {
	Type    string `json:"type"`
	ID      id     `json:"id"`
	Created id     `json:"created_timestamp"`
	Create  struct {
		Target    target `json:"target"`
		Sender    id     `json:"sender_id"`
		SourceApp id     `json:"source_app_id"`
		Data      struct {
			Text       string `json:"text"`
			Attachment struct {
				Type     string    `json:"type"` // media | location
				Media    media     `json:"media"`
				Location *location `json:"location"`
			} `json:"attachment"`
			QuickReply *struct {
				Metadata string `json:"metadata"`
			} `json:"quick_reply_response"`
		} `json:"message_data"`
	} `json:"message_create"`
}

type location struct {
	Coordinate struct {
		Coordinates struct {
			Values []float64 `json:"coordinates"` // longitude, latitude
		} `json:"coordinates"`
	} `json:"shared_coordinate"`
	Place struct {
		Place struct {
			FullName string    `json:"full_name"`
			Name     string    `json:"name"`
			Centroid []float64 `json:"centroid"` // longitude, latitude
		} `json:"place"`
	} `json:"shared_place"`
}

// media is a photo, video or animated_gif.
type media struct {
	Type     string `json:"type"`
	URL      string `json:"media_url"`
	URLHTTPS string `json:"media_url_https"`
	Display  string `json:"display_url"`
	Video    struct {
		Duration float64 `json:"duration_millis"`
		Variants []struct {
			Bitrate     float64 `json:"bitrate"`
			ContentType string  `json:"content_type"`
			URL         string  `json:"url"`
		} `json:"variants"`
	} `json:"video_info"`
}

// tweet is an element of tweet_create_events.
type tweet struct {
	ID        id     `json:"id"`
	IDStr     id     `json:"id_str"`
	Text      string `json:"text"`
	FullText  string `json:"full_text"`
	Truncated bool   `json:"truncated"`
	Source    string `json:"source"`
	CreatedAt string `json:"created_at"`
	Stamp     id     `json:"timestamp_ms"`
	User      user   `json:"user"`
	ParentID  id     `json:"in_reply_to_status_id_str"`
	ReplyTo   id     `json:"in_reply_to_user_id_str"`
	Extended  *struct {
		FullText string   `json:"full_text"`
		Entities entities `json:"entities"`
		Extended entities `json:"extended_entities"`
	} `json:"extended_tweet"`
	Entities         entities `json:"entities"`
	ExtendedEntities entities `json:"extended_entities"`
	Quoted           *tweet   `json:"quoted_status"`
	Retweeted        *tweet   `json:"retweeted_status"`
}

type entities struct {
	Mentions []struct {
		ID    id `json:"id"`
		IDStr id `json:"id_str"`
	} `json:"user_mentions"`
	Media []media `json:"media"`
}

func (t *tweet) id() string { return either(t.IDStr, t.ID) }

func (t *tweet) text() string {
	switch {
	case t.Extended != nil && t.Extended.FullText != "":
		return t.Extended.FullText
	case t.FullText != "":
		return t.FullText
	}
	return t.Text
}

func (t *tweet) media() []media {
	switch {
	case t.Extended != nil && len(t.Extended.Extended.Media) > 0:
		return t.Extended.Extended.Media
	case len(t.ExtendedEntities.Media) > 0:
		return t.ExtendedEntities.Media
	}
	return t.Entities.Media
}

// mentioned are the profiles that the tweet names.
func (t *tweet) mentioned() []string {
	all := t.Entities.Mentions
	if t.Extended != nil && len(t.Extended.Entities.Mentions) > 0 {
		all = t.Extended.Entities.Mentions
	}
	out := make([]string, 0, len(all)+1)
	if t.ReplyTo != "" {
		out = append(out, string(t.ReplyTo))
	}
	for i := range all {
		out = append(out, either(all[i].IDStr, all[i].ID))
	}
	return out
}
