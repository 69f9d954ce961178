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
    // Its own grey is too faint to read.
    customCss: ".sidebar-search-placeholder { color: var(--scalar-color-1) }",
  });
}
