// Starts Scalar on the page /api/docs: nothing is fetched from elsewhere.
{
  const mount = document.getElementById("api");
  const theme = document.documentElement.dataset.theme;
  const dark = theme === "dark" || (theme === "auto" && matchMedia("(prefers-color-scheme: dark)").matches);
  window.Scalar.createApiReference(mount, {
    url: mount.dataset.openapi,
    withDefaultFonts: false,
    telemetry: false,
    hideClientButton: true,
    agent: { disabled: true },
    mcp: { disabled: true },
    showDeveloperTools: "never",
    darkMode: dark,
    hideDarkModeToggle: true,
    defaultOpenAllTags: false,
    theme: "none",
    // Its own greys, blue and green are too faint to read; a list that scrolls cannot be scrolled by keyboard.
    customCss: `.light-mode { --scalar-color-2: #55585f; --scalar-color-3: #62656d; --scalar-color-blue: #0067a8; --scalar-color-green: #00704a }
      .dark-mode { --scalar-color-2: #b4b7bf; --scalar-color-3: #a3a7b2 }
      .sidebar-search-placeholder { color: var(--scalar-color-2) }
      .endpoints { overflow: visible !important; max-height: none !important }`,
  });
}
