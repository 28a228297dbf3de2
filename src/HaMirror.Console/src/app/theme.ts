import { createTheme, type MantineColorScheme, type MantineColorSchemeManager } from '@mantine/core';

/** Nothing here writes a <style>: the content security policy refuses it. Colours are set in theme.css. */
export const theme = createTheme({
  primaryColor: 'blue',
  defaultRadius: 'md',
  cursorType: 'pointer',
  respectReducedMotion: true,
  fontFamily: 'var(--font)',
  fontFamilyMonospace: 'var(--mono)',
  components: {
    // Locking the page's scroll bar would write a <style>. Their heads are <header>s, and a page has one banner.
    Modal: { defaultProps: { attributes: { header: { role: 'none' } }, lockScroll: false, centered: true, overlayProps: { backgroundOpacity: 0.45 } } },
    Drawer: { defaultProps: { attributes: { header: { role: 'none' } }, lockScroll: false } },
    Checkbox: { defaultProps: { radius: 'xs' } }, // Rounder ones look like radio buttons.
    Tooltip: { defaultProps: { withArrow: true, withinPortal: false, openDelay: 250, multiline: true, maw: 320, events: { hover: true, focus: true, touch: true } } },
    // Without the placeholder the first item has the focus, and a menu holds nothing but items.
    Menu: { defaultProps: { shadow: 'md', withinPortal: true, withInitialFocusPlaceholder: false, transitionProps: { duration: 0 } } },
  },
});

const key = 'hamirror-theme';

/** Keeps what the user chose, under the name that public/theme.js reads before the page is painted. */
export const themeKeeper: MantineColorSchemeManager = (() => {
  let leave: (() => void) | undefined;
  return {
    get: fallback => {
      try {
        const kept = localStorage.getItem(key);
        return kept === 'dark' || kept === 'light' ? kept : fallback;
      } catch {
        return fallback; // The browser keeps nothing: follow the system.
      }
    },
    set: value => {
      try {
        if (value === 'auto') localStorage.removeItem(key);
        else localStorage.setItem(key, value);
      } catch {
        // The choice holds for this page alone.
      }
    },
    subscribe: tell => {
      const heard = (event: StorageEvent) => {
        if (event.key === key) tell((event.newValue as MantineColorScheme | null) ?? 'auto');
      };
      window.addEventListener('storage', heard);
      leave = () => window.removeEventListener('storage', heard);
    },
    unsubscribe: () => leave?.(),
    clear: () => {
      try {
        localStorage.removeItem(key);
      } catch {
        // Nothing was kept.
      }
    },
  };
})();
