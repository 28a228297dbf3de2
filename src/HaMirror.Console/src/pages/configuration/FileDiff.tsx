import { Fragment, useMemo } from 'react';
import type { ModuleFile } from '../../api/configuration';
import { differing, fileOf, type Files } from '../../model/moduleFiles';
import { blocksOf, type Block } from '../../model/textDiff';
import classes from './FileDiff.module.css';

interface Names { before: string; after: string }

/** What differs between two lists of files: side by side where there is room, else what was above what is. */
export function FilesDiff({ before, after, names, none }: { before: Files; after: Files; names: Names; none: string }) {
  const paths = useMemo(() => differing(before, after), [before, after]);
  if (paths.length === 0) return <p className={classes.none}>{none}</p>;
  return (
    <div className={classes.stack}>
      {paths.map(path => <OneFile key={path} path={path} before={fileOf(before, path)} after={fileOf(after, path)} names={names} />)}
    </div>
  );
}

function OneFile({ path, before, after, names }: { path: string; before: ModuleFile | undefined; after: ModuleFile | undefined; names: Names }) {
  const isText = before?.base64 === undefined && after?.base64 === undefined;
  const blocks = useMemo(() => (isText ? blocksOf(before?.text ?? '', after?.text ?? '') : []), [isText, before, after]);
  const mode = before && after && before.executable !== after.executable ? (after.executable ? 'It is executable now. ' : 'It is not executable any more. ') : '';
  const what = !before ? 'New. ' : !after ? 'Removed. ' : '';
  return (
    <section className={classes.file} aria-label={`Difference in ${path}: ${names.before}, ${names.after}`}>
      <div className={classes.head}><span className="mono">{path}</span><span className={classes.soft}>{what}{mode}{!isText && 'It is no text, and differs.'}</span></div>
      {blocks.some(block => block.kind === 'changed') && (
        <>
          <div className={classes.names} aria-hidden="true"><span>{names.before}</span><span>{names.after}</span></div>
          {blocks.map((block, n) => (
            <Fragment key={n}>
              {block.skipped > 0 && <p className={classes.skipped}>{block.skipped === 1 ? '1 line is the same' : `${block.skipped} lines are the same`}</p>}
              <Pair block={block} names={names} />
            </Fragment>
          ))}
        </>
      )}
    </section>
  );
}

function Pair({ block, names }: { block: Block; names: Names }) {
  const same = block.kind === 'same';
  return (
    <div className={same ? `${classes.pair} ${classes.same}` : classes.pair}>
      {(block.before.length > 0 || same) && <Lines lines={block.before} from={block.beforeLine} sign={same ? ' ' : '−'} label={same ? null : names.before} />}
      {!same && block.before.length === 0 && <div className={classes.gap} />}
      {same
        ? <div className={classes.copy} aria-hidden="true"><Lines lines={block.after} from={block.afterLine} sign=" " label={null} /></div>
        : block.after.length > 0 ? <Lines lines={block.after} from={block.afterLine} sign="+" label={names.after} /> : <div className={classes.gap} />}
    </div>
  );
}

function Lines({ lines, from, sign, label }: { lines: readonly string[]; from: number; sign: ' ' | '−' | '+'; label: string | null }) {
  return (
    <div className={sign === '−' ? `${classes.lines} ${classes.old}` : sign === '+' ? `${classes.lines} ${classes.now}` : classes.lines}>
      {label && <span className="unseen">{label}:</span>}
      {lines.map((line, n) => (
        <div key={n} className={classes.line}>
          <span className={classes.number} aria-hidden="true">{from + n}</span>
          <span className={classes.sign} aria-hidden="true">{sign}</span>
          <code className={classes.code}>{line === '' ? '​' : line}</code>
        </div>
      ))}
    </div>
  );
}
