using System.Collections.Immutable;
using System.Globalization;

namespace HaMirror.Comparison.Figures;

/// <summary>Figures for a reader, on a terminal or a page.</summary>
internal static class FigureTable
{
    public static string Write(ImmutableArray<FigureRow> rows)
    {
        var table = new TextTable("figure", "measured", "rounds", "wanted", "");
        foreach (var row in rows)
        {
            table.Add(
                row.Title, Cell(row.Value) + (row.Unit.Length > 0 ? " " + row.Unit : ""), $"{Cell(row.Rounds.Min())}-{Cell(row.Rounds.Max())}",
                row.AtLeast is { } least ? "at least " + Cell(least) : row.AtMost is { } most ? "at most " + Cell(most) : Figure.None,
                row.IsReached switch { null => "", _ when row.IsNoisy => "unsure", true => "reached", false => "missed" });
        }

        return table.ToString();
    }

    /// <summary>Heading, origin and table, for a page.</summary>
    public static string Section(string heading, ImmutableArray<FigureRow> rows) => rows.IsDefaultOrEmpty ? "" : string.Create(
        CultureInfo.InvariantCulture,
        $"\n## {heading}\n\nMeasured {rows[0].Measured:yyyy-MM-dd HH:mm} UTC at commit {rows[0].Commit} by `benchmarks/run.sh --{rows[0].Kind}`; other programs used {rows[0].ForeignCores:0.00} cores.\n\n{Write(rows)}");

    private static string Cell(double value) => value == 0 ? "0"
        : value.ToString(Math.Abs(value) >= 100 ? "N0" : Math.Abs(value) >= 10 ? "F1" : Math.Abs(value) >= 0.1 ? "F2" : "F4", CultureInfo.InvariantCulture);
}
