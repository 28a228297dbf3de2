// A bar chart as SVG: for each job a group of bars, one for each subject, in shares of the local file's IOPS.
// The axis is logarithmic: a mirror has between a hundredth and a half of what one copy has.
using System.Collections.Immutable;
using System.Globalization;
using System.Security;
using System.Text;

namespace HaMirror.Comparison;

/// <summary>Draws rows.</summary>
internal static class Chart
{
    private const int Left = 250, Width = 620, BarHeight = 13, GroupGap = 30, Top = 74, Right = 110;
    private const double Least = 0.005;

    private static readonly ImmutableArray<string> Colours =
        ["#1b9e77", "#66c2a5", "#7570b3", "#b3b0d6", "#555555", "#d95f02", "#fc8d62", "#e7298a", "#f4a6cd", "#a6761d", "#e6ab02"];

    /// <summary>The drawing; the modes of the floor stand in its one row.</summary>
    public static string Draw(ImmutableArray<Row> rows)
    {
        var drawn = rows.Where(row => row.OfLocal is not null && row.Subject != "local" && !row.Subject.StartsWith("floor-", StringComparison.Ordinal)).ToList();
        var colours = drawn.Select(row => row.Subject).Distinct().Select((subject, index) => (subject, Colours[index % Colours.Length]))
            .ToDictionary(pair => pair.subject, pair => pair.Item2);
        var body = new StringBuilder();
        var y = Top;
        foreach (var job in drawn.GroupBy(row => row.Job))
        {
            Text(body, 10, y + 11, Job.Find(job.Key)?.Title ?? job.Key, "bold");
            y += 18;
            foreach (var row in job)
            {
                var length = Position(row.OfLocal!.Value);
                Text(body, Left - 8, y + BarHeight - 2, row.Subject, "normal", "end");
                body.Append(CultureInfo.InvariantCulture, $"<rect x=\"{Left}\" y=\"{y}\" width=\"{length:F1}\" height=\"{BarHeight - 2}\" fill=\"{colours[row.Subject]}\"/>\n");
                Text(body, Left + (int)length + 6, y + BarHeight - 2, $"{Figure.Count(row.Iops)} IOPS, {Figure.Ratio(row.OfLocal)}");
                y += BarHeight;
            }

            y += GroupGap - 18;
        }

        return Frame(body.ToString(), y);
    }

    private static string Frame(string body, int height)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{Left + Width + Right}\" height=\"{height + 10}\" font-family=\"sans-serif\" font-size=\"11\">\n");
        text.Append("<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n");
        Text(text, 10, 20, "Two synchronous copies of a file: IOPS as a share of one local copy's", "bold");
        Text(text, 10, 38, "Logarithmic; longer is better. Load, both nodes and both disks share one machine.");
        foreach (var share in new[] { 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1 })
        {
            var x = Left + Position(share);
            text.Append(CultureInfo.InvariantCulture, $"<line x1=\"{x:F1}\" x2=\"{x:F1}\" y1=\"60\" y2=\"{height}\" stroke=\"#dddddd\"/>\n");
            Text(text, (int)x, 56, share.ToString(CultureInfo.InvariantCulture), "normal", "middle");
        }

        return text.Append(body).Append("</svg>\n").ToString();
    }

    private static double Position(double share) => Width * Math.Clamp(Math.Log(share / Least) / Math.Log(1 / Least), 0, 1.1);

    private static void Text(StringBuilder to, int x, int y, string what, string weight = "normal", string anchor = "start") =>
        to.Append(CultureInfo.InvariantCulture, $"<text x=\"{x}\" y=\"{y}\" font-weight=\"{weight}\" text-anchor=\"{anchor}\">{SecurityElement.Escape(what)}</text>\n");
}
