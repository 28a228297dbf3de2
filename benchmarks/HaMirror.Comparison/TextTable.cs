// Tables in Markdown whose columns are aligned, so that they read as well on a terminal.
using System.Text;

namespace HaMirror.Comparison;

/// <summary>A table of text.</summary>
internal sealed class TextTable(params string[] heads)
{
    private readonly List<string[]> _lines = [heads];

    public void Add(params string[] cells) => _lines.Add(cells);

    /// <summary>The first column to the left, the others to the right.</summary>
    public override string ToString()
    {
        var widths = heads.Select((_, column) => _lines.Max(line => line[column].Length)).ToArray();
        var text = new StringBuilder();
        for (var index = 0; index < _lines.Count; index++)
        {
            text.Append('|');
            for (var column = 0; column < heads.Length; column++)
            {
                var cell = _lines[index][column];
                text.Append(' ').Append(column == 0 ? cell.PadRight(widths[column]) : cell.PadLeft(widths[column])).Append(" |");
            }

            text.Append('\n');
            if (index == 0)
            {
                text.Append('|').AppendJoin("|", widths.Select((width, column) => column == 0 ? new string('-', width + 2) : new string('-', width + 1) + ':'))
                    .Append("|\n");
            }
        }

        return text.ToString();
    }
}
