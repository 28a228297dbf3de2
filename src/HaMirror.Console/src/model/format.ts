// Numbers, sizes and times as they are shown everywhere. Sizes are binary (1 MiB = 1048576 bytes), like the command line's.

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/** "1.5 GiB"; three digits at most. */
export function bytes(value: number): string {
  let unit = 0;
  let shown = Math.max(0, value);
  while (shown >= 1023.5 && unit < units.length - 1) {
    shown /= 1024;
    unit++;
  }
  const digits = unit === 0 || shown >= 99.95 ? 0 : 1;
  return `${shown.toFixed(digits)} ${units[unit]}`;
}

export const rate = (bytesPerSecond: number): string => `${bytes(bytesPerSecond)}/s`;

/** "45 s", "3 min 20 s", "2 h 5 min", "3 d 4 h". */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return pair(Math.floor(whole / 60), 'min', whole % 60, 's');
  if (whole < 86_400) return pair(Math.floor(whole / 3600), 'h', Math.floor((whole % 3600) / 60), 'min');
  return pair(Math.floor(whole / 86_400), 'd', Math.floor((whole % 86_400) / 3600), 'h');
}

function pair(first: number, firstUnit: string, second: number, secondUnit: string): string {
  return second === 0 ? `${first} ${firstUnit}` : `${first} ${firstUnit} ${second} ${secondUnit}`;
}

/** "just now", "5 min ago": coarse, so that it need not be drawn again each second. */
export function ago(then: number, now: number): string {
  const seconds = (now - then) / 1000;
  if (seconds < 5) return 'just now';
  if (seconds < 60) return `${Math.floor(seconds / 5) * 5} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86_400)} d ago`;
}

const two = (value: number) => value.toString().padStart(2, '0');

/** "14:03:07", with the day before it when that is not today. */
export function clock(then: number, now: number): string {
  const date = new Date(then);
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  return new Date(now).toDateString() === date.toDateString() ? time : `${day(then)} ${time}`;
}

export function day(then: number): string {
  const date = new Date(then);
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** "41.7 %". */
export const percent = (value: number): string => `${value >= 99.95 || value === 0 ? value.toFixed(0) : value.toFixed(1)} %`;

export const count = (value: number, one: string, many = `${one}s`): string => `${value.toLocaleString('en')} ${value === 1 ? one : many}`;
