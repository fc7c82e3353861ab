import {
  Activity, AlarmClock, Archive, ArrowDown, ArrowLeft, ArrowUp, AtSign, Ban, Bell, BellOff, Bold, Bot, Calendar, CheckCheck, ChevronLeft,
  ChevronRight, ChevronUp, CircleCheck, CircleUser, Clock, Code, CreditCard, Database, Ellipsis, ExternalLink, File, FileText, Flag, Funnel, Globe,
  GripVertical, Hash, HeartPulse, Image, Italic, Keyboard, Languages, LayoutTemplate, Link, List, ListChecks, Loader, LogOut, MapPin, Menu,
  MessageCircle, MessageSquare, MessageSquareText, MessagesSquare, Mic, Monitor, Moon, PanelRight, Paperclip, Pause, Pencil, Phone, PhoneCall, Pin,
  Play, QrCode, RefreshCw, Reply, RotateCcw, Save, Send, Server, ShieldCheck, ShieldOff, Slash, SlidersHorizontal, Smartphone, Smile, Sparkles,
  Square, SquareCheck, Star, StickyNote, Sun, Tag, Trash2, Undo2, Upload, UserCheck, UserPlus, UsersRound, Video, Volume2, Webhook, Workflow, Zap,
} from '@lucide/vue'
import { add } from './iconBase'

/** Of the screens behind the sign-in page: who imports this file may name them. */
export const more = {
  activity: Activity, alarm: AlarmClock, archive: Archive, at: AtSign, back: ArrowLeft, ban: Ban, bell: Bell, bellOff: BellOff, bold: Bold, bot: Bot,
  calendar: Calendar, call: PhoneCall, checks: CheckCheck, circleCheck: CircleCheck, clock: Clock, code: Code, contact: CircleUser, card: CreditCard,
  database: Database, down: ArrowDown, external: ExternalLink, file: File, fileText: FileText, filter: Funnel, flag: Flag, globe: Globe,
  grip: GripVertical, hash: Hash, health: HeartPulse, image: Image, italic: Italic, keyboard: Keyboard, languages: Languages, left: ChevronLeft,
  link: Link, list: List, loader: Loader, logout: LogOut, menu: Menu, message: MessageSquare, messageText: MessageSquareText,
  messages: MessagesSquare, mic: Mic, monitor: Monitor, moon: Moon, more: Ellipsis, note: StickyNote, panel: PanelRight, paperclip: Paperclip,
  pause: Pause, pencil: Pencil, phone: Phone, pin: Pin, place: MapPin, play: Play, qr: QrCode, refresh: RefreshCw, reply: Reply, retry: RotateCcw,
  right: ChevronRight, save: Save, send: Send, server: Server, shieldCheck: ShieldCheck, shieldOff: ShieldOff, slash: Slash,
  sliders: SlidersHorizontal, smile: Smile, smartphone: Smartphone, sparkles: Sparkles, square: Square, squareCheck: SquareCheck, star: Star,
  steps: ListChecks, sun: Sun, tag: Tag, team: UsersRound, template: LayoutTemplate, trash: Trash2, undo: Undo2, up: ArrowUp, upload: Upload,
  chevronUp: ChevronUp, userCheck: UserCheck, userPlus: UserPlus, video: Video, volume: Volume2, webhook: Webhook, workflow: Workflow, zap: Zap,
  bubble: MessageCircle,
} as const

add(more)
