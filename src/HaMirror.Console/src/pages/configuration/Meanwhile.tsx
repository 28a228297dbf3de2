import { Button } from '@mantine/core';
import { useMemo } from 'react';
import type { ModuleFiles, ModuleVersion } from '../../api/configuration';
import { Ago } from '../../components/Ago';
import { Note } from '../../components/Note';
import { mergedFiles } from '../../model/textDiff';
import classes from './Meanwhile.module.css';
import { setDraft, type Draft } from './drafts';
import { FilesDiff } from './FileDiff';

interface Props { draft: Draft; theirs: ModuleFiles; versions: readonly ModuleVersion[] }

/** Somebody else has changed what is edited here: what he did, and how to go on. */
export function Meanwhile({ draft, theirs, versions }: Props) {
  const merged = useMemo(() => mergedFiles(draft.base.files, theirs.files, draft.files), [draft, theirs]);
  const by = versions.find(version => version.id === theirs.version);
  const take = (files: Draft['files']) => setDraft({ ...draft, base: theirs, files });
  const clash = merged.conflicts.join(', ');
  const withTheirs = () => {
    const files = merged.files.map(file => (merged.conflicts.includes(file.path) ? theirs.files.find(one => one.path === file.path) ?? file : file));
    const back = theirs.files.filter(file => merged.conflicts.includes(file.path) && !files.some(one => one.path === file.path));
    take([...files, ...back]);
  };
  return (
    <section aria-label="Changed meanwhile" className={classes.meanwhile}>
      <Note tone="warn" title={`Somebody else has changed ${draft.module} meanwhile.`}>
        <p>{by ? <>{by.by} did, <Ago time={by.time} />{by.comment ? `: ${by.comment}` : ''}. </> : 'Not over the console, it seems. '}Nothing of yours is lost, and nothing was applied.</p>
        <details className={classes.details} open><summary>What was changed</summary><FilesDiff before={draft.base.files} after={theirs.files} names={{ before: 'When you began', after: 'Now' }} none="The files are the same: only the version was made anew." /></details>
        {merged.conflicts.length > 0 && <p>You both changed the same lines of <span className="mono">{clash}</span>: choose whose count there. What else you changed stays.</p>}
        <div className={classes.buttons}>
          {merged.conflicts.length === 0
            ? <Button size="xs" onClick={() => take(merged.files)}>Put my changes on top</Button>
            : <><Button size="xs" onClick={() => take(merged.files)}>Mine count there</Button><Button size="xs" variant="default" onClick={withTheirs}>Theirs count there</Button></>}
          <Button size="xs" variant="default" onClick={() => take(theirs.files)}>Drop mine</Button>
        </div>
      </Note>
    </section>
  );
}
