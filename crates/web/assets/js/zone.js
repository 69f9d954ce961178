// Tells the server where the reader's clock stands, so that it writes times as he reads them.
const offset_minutes = -new Date().getTimezoneOffset();
document.cookie = `tz=${offset_minutes}; path=/; max-age=31536000; samesite=lax`;
