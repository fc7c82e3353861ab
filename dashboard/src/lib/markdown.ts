import { lexer, type Token, type Tokens } from 'marked'
import { h, type VNodeChild } from 'vue'

/**
 * Shows the markdown of messages as elements that Vue makes: no HTML is ever
 * parsed, tags in a text stay text. Very long texts are shown as they are.
 */
const longest = 20_000

const safe = /^(https?:|mailto:|tel:)/i

/** The texts between the tags that marked escapes. */
const unescape = (t: string) => t.replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&quot;/g, '"').replace(/&#39;/g, "'").replace(/&amp;/g, '&')

function link(href: string, children: VNodeChild[], title?: string | null): VNodeChild {
  const mention = /^mention:\/\/(user|team)\//.test(href)
  if (mention) return h('span', { class: 'rounded-sm bg-info-tint px-1 font-medium text-info' }, children)
  if (!safe.test(href)) return children
  return h('a', { href, target: '_blank', rel: 'noopener noreferrer nofollow', class: 'link break-words', ...(title ? { title } : {}) }, children)
}

function inline(tokens: readonly Token[] | undefined): VNodeChild[] {
  return (tokens ?? []).map((t): VNodeChild => {
    switch (t.type) {
      case 'strong':
        return h('strong', inline(t.tokens))
      case 'em':
        return h('em', inline(t.tokens))
      case 'del':
        return h('del', inline(t.tokens))
      case 'codespan':
        return h('code', { class: 'rounded-sm bg-hover px-1 font-mono text-sm' }, unescape((t as Tokens.Codespan).text))
      case 'br':
        return h('br')
      case 'link':
        return link((t as Tokens.Link).href, inline(t.tokens), (t as Tokens.Link).title)
      case 'image':
        return link((t as Tokens.Image).href, [(t as Tokens.Image).text || (t as Tokens.Image).href])
      case 'escape':
        return (t as Tokens.Escape).text
      case 'text':
        return 'tokens' in t && t.tokens ? inline(t.tokens) : unescape((t as Tokens.Text).text)
      default:
        return t.raw
    }
  })
}

function block(tokens: readonly Token[]): VNodeChild[] {
  return tokens.map((t): VNodeChild => {
    switch (t.type) {
      case 'space':
        return null
      case 'paragraph':
      case 'text':
        return h('p', inline('tokens' in t && t.tokens ? t.tokens : [t]))
      case 'heading':
        return h('p', { class: 'font-semibold' }, inline(t.tokens))
      case 'blockquote':
        return h('blockquote', { class: 'border-s-2 border-edge ps-3' }, block(t.tokens ?? []))
      case 'code':
        return h('pre', { class: 'overflow-x-auto rounded-sm bg-hover p-2 font-mono text-sm', tabindex: 0 }, (t as Tokens.Code).text)
      case 'hr':
        return h('hr', { class: 'border-border' })
      case 'list': {
        const list = t as Tokens.List
        const style = list.ordered ? 'list-decimal ps-6' : 'list-disc ps-6'
        return h(list.ordered ? 'ol' : 'ul', { class: style }, list.items.map((i) => h('li', block(i.tokens))))
      }
      default:
        return h('p', { class: 'whitespace-pre-wrap' }, t.raw)
    }
  })
}

/** A message's text as elements. */
export function render(markdown: string): VNodeChild[] {
  if (markdown.length > longest) return [h('p', { class: 'whitespace-pre-wrap' }, markdown)]
  return block(lexer(markdown, { gfm: true, breaks: true }))
}
