// Before anything is painted, or a dark page would flash white. A file of its own: the page may hold no script.
(function () {
  var kept = null;
  try { kept = localStorage.getItem('hamirror-theme'); } catch (refused) { /* A browser that keeps nothing follows the system. */ }
  var dark = kept === 'dark' || (kept !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.setAttribute('data-mantine-color-scheme', dark ? 'dark' : 'light');
})();
