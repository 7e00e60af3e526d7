// Runs before the first paint, as a classic script: puts theme, density and language on <html>.
// It reads the same preferences that session/preferences.ts writes.
;(function () {
  var root = document.documentElement
  var saved = {}
  try {
    saved = JSON.parse(localStorage.getItem('lianxi.preferences') || '{}') || {}
  } catch {
    saved = {}
  }
  var dark =
    saved.theme === 'dark' ||
    (saved.theme !== 'light' && window.matchMedia('(prefers-color-scheme: dark)').matches)
  root.classList.toggle('dark', dark)
  root.dataset.density = saved.density === 'comfortable' ? 'comfortable' : 'compact'
  if (saved.locale === 'en' || saved.locale === 'zh-CN') root.lang = saved.locale
  else root.lang = /^zh/i.test(navigator.language || '') ? 'zh-CN' : 'en'
})()
