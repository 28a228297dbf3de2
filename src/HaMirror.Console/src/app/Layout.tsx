import { Drawer, UnstyledButton } from '@mantine/core';
import { Suspense, useEffect, useRef, useState, type ReactNode } from 'react';
import { Link, Route, Switch, useLocation } from 'wouter';
import { Icon } from '../components/Icon';
import { Toasts } from '../components/Toasts';
import { Announcer } from '../live/Announcer';
import { DoorNote } from './DoorNote';
import { ErrorFence } from './ErrorFence';
import { Brand } from './Brand';
import classes from './Layout.module.css';
import { NodeList } from './NodeList';
import { NotAllowed, NotFound } from './NotFound';
import { loadAll } from './later';
import { pages } from './pages';
import { RunningSign } from './RunningSign';
import { mayBe, useSession } from './session';
import { ThemeSwitch } from './ThemeSwitch';
import { UserMenu } from './UserMenu';

function Navigation({ onGo }: { onGo: (() => void) | undefined }) {
  const [location] = useLocation();
  const active = (path: string) => (path === '/' ? location === '/' || location === '/new-module' || location.startsWith('/modules/') : location === path || location.startsWith(`${path}/`));
  return (
    <nav aria-label="Pages" className={classes.nav}>
      {pages.filter(page => page.icon).map(page => (
        <Link key={page.path} href={page.path} onClick={onGo} className={active(page.path) ? `${classes.link} ${classes.active}` : classes.link} aria-current={active(page.path) ? 'page' : undefined}>
          <Icon name={page.icon!} />
          {page.title}
        </Link>
      ))}
    </nav>
  );
}

function Side({ onGo, children }: { onGo?: () => void; children?: ReactNode }) {
  return (
    <>
      {children}
      <Navigation onGo={onGo} />
      <div className={classes.foot}>
        <RunningSign onGo={onGo} />
        <NodeList />
        <div className={classes.tools}>
          <UserMenu />
          <ThemeSwitch />
        </div>
      </div>
    </>
  );
}

/** The frame around every page. */
export function Layout() {
  const [open, setOpen] = useState(false);
  const role = useSession(state => state.session?.role);
  const [location] = useLocation();
  const main = useRef<HTMLElement>(null);
  const first = useRef(true);
  useEffect(() => loadAll(), []);
  useEffect(() => {
    // Another page: begin at its top, for eyes and for readers.
    if (!first.current) {
      window.scrollTo(0, 0);
      main.current?.focus({ preventScroll: true });
    }
    first.current = false;
  }, [location]);
  return (
    <div className={classes.frame}>
      <a href="#main" className={classes.skip} onClick={event => { event.preventDefault(); main.current?.focus(); }}>Skip to the page</a>
      <aside className={classes.aside}><div className={classes.side}><Side><Brand /></Side></div></aside>
      <header className={classes.top}>
        <UnstyledButton className={classes.burger} onClick={() => setOpen(true)} aria-label="Open the menu"><Icon name="menu" size={22} /></UnstyledButton>
        <Brand />
        <RunningSign short />
      </header>
      <Drawer opened={open} onClose={() => setOpen(false)} title={<Brand />} size="17rem" closeButtonProps={{ 'aria-label': 'Close the menu' }} classNames={{ body: classes.drawer ?? '' }}>
        <Side onGo={() => setOpen(false)} />
      </Drawer>
      <main className={classes.main} id="main" ref={main} tabIndex={-1}>
        <DoorNote />
        <ErrorFence key={location}>
          <Suspense fallback={<p className={classes.loading} role="status">Loading the page …</p>}>
            <Switch>
              {pages.map(page => (
                <Route key={page.path} path={page.path}>{mayBe(role, page.role) ? <page.view /> : <NotAllowed title={page.title} role={page.role} />}</Route>
              ))}
              <Route><NotFound /></Route>
            </Switch>
          </Suspense>
        </ErrorFence>
      </main>
      <Toasts />
      <Announcer />
    </div>
  );
}
