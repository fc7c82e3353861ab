package story

import "tributary/simulator"

// words are what the customer of a channel asks and the agent answers.
func words(k simulator.Kind) (question, answer string) {
	switch k {
	case simulator.Facebook:
		return "¿Abren el domingo? 👋", "Sí, de 8 a 13 h."
	case simulator.InstagramLogin:
		return "Versendet ihr nach Brno? 📦", "Ja, in zwei Tagen."
	case simulator.InstagramPage:
		return "Love the new loaf 😍", "Thank you, so do we!"
	case simulator.WhatsAppCloud:
		return "Boa tarde, têm broa? 😊", "Temos, até às 18 h."
	case simulator.WhatsApp360:
		return "Haben Sie noch Brezeln? 🥨", "Noch zwölf Stück."
	case simulator.Telegram:
		return "Do you do 🎂 orders?", "We do, from 6 people."
	case simulator.Line:
		return "日曜日は開いていますか？🍞", "はい、8時からです。"
	case simulator.SMS:
		return "Is the sourdough ready?", "Ready at five."
	case simulator.TwilioSMS:
		return "Any focaccia left? 🌿", "Two trays left."
	case simulator.TwilioWhatsApp:
		return "Ciao! Siete aperti? 🍕", "Sì, fino alle 20."
	case simulator.Twitter:
		return "Är brödet glutenfritt? 🥖", "Rågen är det inte."
	default:
		return "Order #9 misses two buns", "They are on their way."
	}
}
