using System.Text;
using HaMirror.Core.Generations;
using HaMirror.Core.Machine;
using HaMirror.Core.States;

namespace HaMirror.Core.Tests.Machine;

/// <summary>The text of docs/states.md, from the tables that the product decides by.</summary>
internal static class StatesPage
{
    private static readonly GenerationId First = Generation(1), Mine = Generation(2), Theirs = Generation(3), Strange = Generation(4);

    public static string Text()
    {
        var text = new StringBuilder();
        text.Append("""
            # States and decisions

            Made from the tables in `src/HaMirror.Core` (`TransitionTable`, `ConnectionTable`); a test fails when this page is
            stale. `HAMIRROR_WRITE_DOCS=1 dotnet test tests/HaMirror.Core.Tests --filter StatesPage` writes it anew.

            ## What each state does with each event

            After the row's own part the state looks at everything anew, so a fact that came too early is never lost.

            | event | in state | what happens |
            | --- | --- | --- |

            """);
        foreach (var row in TransitionTable.Rows.OrderBy(row => row.On))
            text.Append($"| {row.On} | {Names(row.From)} | {row.Outcome} |\n");
        text.Append("""

            ## When two nodes meet

            What node1 decides for each pair of replicas, without anything else that would tell them apart (`ConnectionTable`
            has the rest); node2 decides the mirror image. Generations: 1 is what both had, 2 and 3 followed it, 4 is unrelated.

            | node1 | node2 | decision | sentence |
            | --- | --- | --- | --- |

            """);
        foreach (var (name, mine) in Records(Mine))
            foreach (var (peer, theirs) in Records(Theirs))
            {
                var decision = ConnectionTable.Decide(Side("node1", mine, true), Side("node2", theirs, false));
                text.Append($"| {name} | {peer} | {decision.GetType().Name} | {decision.Sentence} |\n");
            }

        return text.ToString();
    }

    private static IEnumerable<(string Name, ReplicaRecord Record)> Records(GenerationId own)
    {
        yield return ("never synchronised", ReplicaRecord.New);
        yield return ("up to date, 1", UpToDate(First));
        yield return ("up to date, 1, went on alone", UpToDate(First) with { Sole = true });
        yield return ("up to date, 1, crashed as primary", UpToDate(First) with { Serving = true, CompareAll = true, MarksUnsaved = true });
        yield return ($"up to date, {(own == Mine ? 2 : 3)}, went on alone", UpToDate(own) with { Base = First, History = [First], Sole = true });
        yield return ("outdated, 1", UpToDate(First) with { Condition = ReplicaCondition.Outdated });
        yield return ("inconsistent, from 1", UpToDate(First) with { Condition = ReplicaCondition.Inconsistent, ResyncFrom = First });
        yield return ($"up to date, {(own == Mine ? 4 : 5)}", UpToDate(own == Mine ? Strange : Generation(5)));
    }

    private static ReplicaRecord UpToDate(GenerationId generation) =>
        new() { Current = generation, Base = generation, Condition = ReplicaCondition.UpToDate };

    private static ConnectionSide Side(string name, ReplicaRecord record, bool preferred) =>
        new(name, record, ModuleState.Wait, FullSync: false, preferred);

    private static GenerationId Generation(int number) => new(new Guid(number, 0, 0, new byte[8]));

    private static string Names(IReadOnlyCollection<ModuleState> states) => states.Count == Enum.GetValues<ModuleState>().Length
        ? "any"
        : string.Join(", ", states.Select(state => state.ToString().ToUpperInvariant()));
}
