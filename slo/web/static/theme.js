// Light or dark: as the system has it, until somebody chooses. Loaded before anything is drawn.
(() => {
  const key = "shardwatch-theme";
  const root = document.documentElement;
  const stored = () => {
    try {
      return localStorage.getItem(key);
    } catch {
      return null; // storage may be forbidden; then the choice lasts as long as the page
    }
  };
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const chosen = stored();
  if (chosen === "light" || chosen === "dark") root.dataset.theme = chosen;
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : dark.matches);
  const tell = () => document.dispatchEvent(new CustomEvent("themechange"));
  const toggle = () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    try {
      localStorage.setItem(key, root.dataset.theme);
    } catch {
      // as above
    }
    tell();
  };
  dark.addEventListener("change", tell);
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-theme-toggle]")) toggle();
  });
  document.addEventListener("keydown", (event) => {
    const isTyping = event.target.closest("input, select, textarea");
    if (event.key === "d" && !isTyping && !event.ctrlKey && !event.metaKey && !event.altKey) toggle();
  });
})();
