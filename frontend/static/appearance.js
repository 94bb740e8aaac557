// Runs before the first paint, so that neither theme nor language flashes.
try {
	var theme = localStorage.getItem('nines.theme');
	if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
	var language = localStorage.getItem('nines.language');
	document.documentElement.lang = language || (/^ja\b/.test(navigator.language) ? 'ja' : 'en');
} catch (error) {
	// Storage may be forbidden; the page then follows the system.
}
