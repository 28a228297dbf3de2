import { useEffect } from 'react';
import { whenUnauthorized } from '../api/client';
import { connect } from '../live/connection';
import { LoginPage } from '../pages/LoginPage';
import { Layout } from './Layout';
import { resume, stillIn, useSession } from './session';
import { Waiting } from './Waiting';

const againMilliseconds = 3000;

export function App() {
  const phase = useSession(state => state.phase);

  useEffect(() => {
    whenUnauthorized(() => { void stillIn(); });
    void resume();
    const again = setInterval(() => { if (useSession.getState().phase === 'asking') void resume(); }, againMilliseconds);
    return () => clearInterval(again);
  }, []);

  useEffect(() => {
    if (phase !== 'in') return;
    const end = new AbortController();
    connect(end.signal, stillIn);
    return () => end.abort();
  }, [phase]);

  if (phase === 'asking') return <Waiting />;
  return phase === 'out' ? <LoginPage /> : <Layout />;
}
