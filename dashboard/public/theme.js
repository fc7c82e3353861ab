// Runs before the first paint, so that nobody who chose the dark is blinded.
try {
  var theme = localStorage.getItem('theme')
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme
} catch (e) {
  // no storage: the system's theme
}
