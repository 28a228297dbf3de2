import { useEffect, useState } from 'react';

/** The clock, looked at every few seconds: for "5 min ago". */
export function useNow(milliseconds = 5000): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), milliseconds);
    return () => clearInterval(timer);
  }, [milliseconds]);
  return now;
}
