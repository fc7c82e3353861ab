import { ref } from 'vue'

/** The time of the page, moved on every 15 s: what shows "5m" reads it. */
export const now = ref(Date.now())
setInterval(() => (now.value = Date.now()), 15_000)
