import { nodeName, useNodes } from '../live/hooks';
import type { NodeLive } from '../live/store';
import { clock } from '../model/format';
import { StateShape } from '../components/StateSign';
import classes from './NodeList.module.css';

function sentence(node: NodeLive): string {
  if (node.reach === 'gone') return node.why ?? 'does not answer';
  if (node.reach === 'waiting') return 'asking …';
  const lost = node.status?.lans.filter(lan => lan.lost) ?? [];
  if (lost.length > 0) return `LAN ${lost.map(lan => lan.name).join(', ')}: peer not heard`;
  return node.status ? `version ${node.status.version}` : 'answers';
}

/** The two nodes, and whether they answer. */
export function NodeList() {
  const nodes = useNodes();
  return (
    <section aria-label="Nodes" className={classes.nodes}>
      <h2 className={classes.head}>Nodes</h2>
      {nodes.length === 0 && <p className={classes.below}>asking …</p>}
      <ul>
        {nodes.map(node => {
          const lost = node.reach === 'live' && (node.status?.lans.some(lan => lan.lost) ?? false);
          return (
            <li key={node.name} title={node.reach === 'gone' ? `since ${clock(node.since, Date.now())}` : undefined}>
              <StateShape shape={node.reach === 'gone' ? 'NotReady' : node.reach === 'waiting' ? 'Gone' : lost ? 'Transient' : 'Ready'} size={16} />
              <span className={classes.text}>
                <span className={classes.name}>{nodeName(node.name)}<span className="unseen">{node.reach === 'gone' ? ', does not answer: ' : ': '}</span></span>
                <span className={node.reach === 'gone' ? classes.gone : classes.below}>{sentence(node)}</span>
              </span>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
