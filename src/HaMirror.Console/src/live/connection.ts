// The life of the page's two streams of events, one for each node, both through the door in use (src/api/doors.ts). A stream that
// breaks is opened again after the last event that came; a node that cannot resume sends its whole state, so nothing is missed.
// Silence is no life: a node sends a beat every 5 s, and after 3 s without anything the door is knocked at. A page that nobody
// sees holds no stream: a browser opens six connections to a node, for all its pages together.
import { fetchToken } from '../api/client';
import { doors } from '../api/doors';
import { EventText } from '../api/eventText';
import { Problem } from '../api/problem';
import { readOperations } from '../api/operations';
import type { LogLine, ModuleStatus, NodeStatus, NodeSummary, OperationStatus, Traffic } from '../api/types';
import { api, pathAt } from '../api/client';
import { deliver } from './inbox';
import { useLive, type Incoming } from './store';

const retryFirst = 300, retryMost = 5000; // milliseconds
const silenceMilliseconds = 3000, hiddenMilliseconds = 60_000, lookMilliseconds = 15_000, tokenMilliseconds = 600_000;

const pause = (milliseconds: number, signal: AbortSignal) => new Promise<void>(resolve => {
  const timer = setTimeout(resolve, milliseconds);
  signal.addEventListener('abort', () => { clearTimeout(timer); resolve(); }, { once: true });
});

/** What an event of a node says to the store; null: nothing. */
export function incoming(node: string, kind: string, data: string): Incoming | null {
  switch (kind) {
    case 'status': return { kind, node, status: JSON.parse(data) as NodeStatus };
    case 'node': return { kind, node, status: JSON.parse(data) as NodeStatus };
    case 'module': return { kind, node, status: JSON.parse(data) as ModuleStatus };
    case 'removed': return { kind, node, module: (JSON.parse(data) as { module: string }).module };
    case 'log': return { kind, node, line: JSON.parse(data) as LogLine };
    case 'operation': return { kind, node, operation: JSON.parse(data) as OperationStatus };
    case 'traffic': {
      const traffic = JSON.parse(data) as Traffic;
      return { kind, node, time: Date.parse(traffic.time), modules: traffic.modules };
    }
    default: return null;
  }
}

/** Follows one node until it is aborted. */
async function follow(node: string, end: AbortSignal, stillIn: () => Promise<boolean>): Promise<void> {
  let last: string | null = null;
  let wait = retryFirst;
  while (!end.aborted) {
    const stream = new AbortController();
    const stop = () => stream.abort();
    end.addEventListener('abort', stop, { once: true });
    const door = doors.used;
    const offTurn = doors.onChange(() => { if (doors.used !== door) stream.abort(); });
    let watch: ReturnType<typeof setInterval> | undefined;
    try {
      const headers: Record<string, string> = { Accept: 'text/event-stream' };
      if (last) headers['Last-Event-ID'] = last;
      const response = await doors.fetch(pathAt(node, '/v1/events'), { signal: stream.signal, headers });
      if (response.status === 401) {
        if (!(await stillIn())) return;
        await pause(retryFirst, end);
        continue;
      }
      if (!response.ok || !response.body) throw await Problem.ofResponse(response);
      let heard = Date.now();
      watch = setInterval(() => {
        if (Date.now() - heard < silenceMilliseconds) return;
        // The door answers and the stream is silent: the node behind it may take its time until two beats are missing.
        void doors.knock(door).then(open => {
          if (!open || Date.now() - heard > 4 * silenceMilliseconds) stream.abort();
        });
      }, silenceMilliseconds);
      deliver({ kind: 'reach', node, reach: 'live', at: Date.now() });
      const text = new EventText();
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
        heard = Date.now();
        wait = retryFirst;
        for (const event of text.push(piece.value)) {
          if (event.id) last = event.id;
          const told = incoming(node, event.kind, event.data);
          if (told) deliver(told);
          if (event.kind === 'status') void lookAtOperations(node); // The first state, or something was missed.
        }
      }
    } catch (error) {
      if (end.aborted) return;
      if (doors.used === door) {
        const alive = await doors.turn(door);
        if (doors.used !== door && door.node === node) deliver({ kind: 'reach', node, reach: 'gone', why: `${node} does not answer.`, at: Date.now() });
        if (doors.used === door) {
          const why = error instanceof Problem && !error.silent ? error.title : alive ? `${node || 'The node'} broke off.` : 'No node answers.';
          if (!alive || wait > retryFirst || error instanceof Problem) deliver({ kind: 'reach', node, reach: 'gone', why, at: Date.now() });
        }
      }
    } finally {
      clearInterval(watch);
      offTurn();
      end.removeEventListener('abort', stop);
      stream.abort();
    }
    if (end.aborted) return;
    if (doors.used !== door) {
      wait = retryFirst;
      last = null; // Its numbers count at the node that gave them; the whole state is the same work.
      continue;
    }
    await pause(wait, end);
    wait = Math.min(wait * 2, retryMost);
  }
}

/** Which nodes there are and where their consoles are, from both: each knows its own best. */
async function lookAtNodes(): Promise<readonly NodeSummary[]> {
  const nodes = await api.get<NodeSummary[]>('/v1/nodes');
  const other = nodes.find(node => !node.own);
  let known = nodes;
  if (other?.reachable) {
    const theirs = await api.get<NodeSummary[]>('/v1/nodes', { node: other.node }).catch(() => []);
    const self = theirs.find(node => node.own && node.node === other.node);
    if (self) known = nodes.map(node => (node === other ? { ...node, consoles: self.consoles } : node));
  }
  for (const node of known) doors.learn(node.node, node.own, node.consoles);
  deliver({ kind: 'nodes', nodes: known, at: Date.now() });
  return known;
}

/** The newest line of every module, for what was logged before the page was opened. */
async function readLastLines(node: string): Promise<void> {
  const lines = await api.get<LogLine[]>('/v1/log?lines=1', { node });
  for (const line of lines) deliver({ kind: 'log', node, line });
}

/** What takes long there. Its page says when nothing is known of it; here its failure is no news: the node's stream tells of that. */
async function lookAtOperations(node: string): Promise<void> {
  const operations = await readOperations(node).catch(() => null);
  if (operations !== null) deliver({ kind: 'operations', node, operations });
}

/** Keeps the store up to date until it is aborted. */
export function connect(end: AbortSignal, stillIn: () => Promise<boolean>): void {
  void run(end, stillIn);
}

let wakeUp = (): void => undefined;

/** The nodes are others now: the cluster was just made. */
export function lookAgain(): void { wakeUp(); }

async function run(end: AbortSignal, stillIn: () => Promise<boolean>): Promise<void> {
  let streams = new AbortController();
  let followed: string | null = null; // A node without a cluster has an empty name.
  let tokenAt = 0;
  end.addEventListener('abort', () => streams.abort(), { once: true });
  let hidden: ReturnType<typeof setTimeout> | undefined;
  const onVisible = () => {
    clearTimeout(hidden);
    if (document.visibilityState === 'hidden') hidden = setTimeout(() => { streams.abort(); }, hiddenMilliseconds);
    else if (streams.signal.aborted) { followed = null; wake.abort(); }
  };
  let wake = new AbortController();
  document.addEventListener('visibilitychange', onVisible, { signal: end });
  while (!end.aborted) {
    try {
      if (document.visibilityState === 'visible' || !useLive.getState().started) {
        const nodes = await lookAtNodes();
        const names = nodes.length > 0 ? nodes.map(node => node.node) : [''];
        if (followed !== names.join('\n') || streams.signal.aborted) {
          streams.abort();
          streams = new AbortController();
          followed = names.join('\n');
          for (const name of names) {
            void follow(name, streams.signal, stillIn);
            void readLastLines(name).catch(() => undefined); // Its log pages say what is wrong; here it is a convenience.
          }
        }
        if (Date.now() - tokenAt > tokenMilliseconds) {
          await fetchToken();
          tokenAt = Date.now();
        }
        for (const door of doors.all) if (door !== doors.used) await doors.knock(door);
      }
    } catch (error) {
      if (Problem.of(error).status === 401 && !(await stillIn())) return;
      // Whether nodes answer is shown by their streams; the next look is soon.
    }
    wake = new AbortController();
    wakeUp = () => wake.abort();
    await pause(lookMilliseconds, AbortSignal.any([end, wake.signal]));
  }
}
