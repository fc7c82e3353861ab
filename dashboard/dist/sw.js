// Shows what the server pushes, and opens the conversation when somebody touches it. It keeps
// nothing and answers no requests.
self.addEventListener('install', () => self.skipWaiting())
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()))

async function show(push) {
  const windows = await self.clients.matchAll({ type: 'window', includeUncontrolled: true })
  // Who looks at the conversation needs no word about it.
  if (push.url && windows.some((w) => w.focused && new URL(w.url).pathname === new URL(push.url, self.location.href).pathname)) return
  await self.registration.showNotification(push.title || 'Tributary', {
    tag: push.tag,
    icon: '/app/logo_thumbnail.svg',
    data: { url: push.url },
  })
}

self.addEventListener('push', (event) => {
  let push = {}
  try {
    push = event.data ? event.data.json() : {}
  } catch (e) {
    push = { title: event.data.text() }
  }
  event.waitUntil(show(push))
})

async function open(address) {
  const url = new URL(address || '/app', self.location.href)
  // Nothing but the dashboard is opened, whatever was pushed.
  if (url.origin !== self.location.origin || !url.pathname.startsWith('/app')) return
  const windows = await self.clients.matchAll({ type: 'window', includeUncontrolled: true })
  const there = windows.find((w) => new URL(w.url).pathname === url.pathname) || windows.find((w) => new URL(w.url).pathname.startsWith('/app/accounts/'))
  if (!there) return self.clients.openWindow(url.href)
  await there.focus()
  if (new URL(there.url).pathname !== url.pathname) return there.navigate(url.href).catch(() => self.clients.openWindow(url.href))
}

self.addEventListener('notificationclick', (event) => {
  event.notification.close()
  event.waitUntil(open(event.notification.data && event.notification.data.url))
})
