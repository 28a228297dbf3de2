// What roles may do, in the words of docs/monitoring.md.
import type { Role } from '../api/types';

export const roleMeaning: Readonly<Record<Role, string>> = {
  Monitor: 'sees everything but secrets',
  Control: 'and starts, stops, swaps modules',
  Admin: 'and configures, and looks after users and keys',
};

export const roles: readonly Role[] = ['Monitor', 'Control', 'Admin'];

export const roleChoices = roles.map(role => ({ value: role, label: `${role}: ${roleMeaning[role]}` }));

/** Why the user's role cannot be lowered, nor he be removed; null: it can. */
export function lastAdminRefusal(user: { name: string; role: Role }, all: readonly { name: string; role: Role }[]): string | null {
  if (user.role !== 'Admin' || all.some(other => other.name !== user.name && other.role === 'Admin')) return null;
  return `${user.name} is the only administrator: make another one first.`;
}

const namePattern = /^[A-Za-z0-9._@-]{1,64}$/;

/** Of users and keys. Null: it can be used. */
export function accountNameRefusal(name: string, what: 'user' | 'key', taken: readonly string[]): string | null {
  if (name === '') return null;
  if (!namePattern.test(name)) return 'Use letters, digits and . _ - @, at most 64.';
  return taken.includes(name) ? `There is a ${what} ${name} already.` : null;
}

export const passwordLengthLeast = 10, passwordLengthMost = 256;

/** Null: it can be used, as far as the page can tell. */
export function passwordRefusal(password: string): string | null {
  if (password === '' || (password.length >= passwordLengthLeast && password.length <= passwordLengthMost)) return null;
  return password.length < passwordLengthLeast ? `At least ${passwordLengthLeast} characters; ${passwordLengthLeast - password.length} more.` : `At most ${passwordLengthMost} characters.`;
}
