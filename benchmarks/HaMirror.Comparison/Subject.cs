// What is compared: a file that somebody serves, and whose processes serve it.
// Format of a line, fields between tabs: name, kind, file (or - ), NBD address (or - ), process ids between blanks (or - ).
using System.Collections.Immutable;
using System.Globalization;

namespace HaMirror.Comparison;

/// <summary>Who serves the file.</summary>
internal enum SubjectKind
{
    /// <summary>The file system itself: one copy.</summary>
    Local,

    /// <summary>The floor program in one of its modes.</summary>
    Floor,

    /// <summary>HaMirror's data path.</summary>
    HaMirror,

    /// <summary>The same without its intent log, which no module may do: what the log costs.</summary>
    Unlogged,

    /// <summary>Another product.</summary>
    Peer,
}

/// <summary>One subject.</summary>
/// <param name="File">Null: it is reached over NBD.</param>
/// <param name="Processes">Whose CPU is counted, of both nodes.</param>
internal sealed record Subject(string Name, SubjectKind Kind, string? File, string? Nbd, ImmutableArray<int> Processes)
{
    /// <exception cref="FormatException">The line is none.</exception>
    public static Subject Parse(string line)
    {
        var fields = line.Split('\t');
        if (fields.Length != 5 || !Enum.TryParse<SubjectKind>(fields[1], true, out var kind))
        {
            throw new FormatException($"This is no line of a subject: '{line}'.");
        }

        var processes = fields[4] == "-" ? [] : fields[4].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return new Subject(
            fields[0], kind, fields[2] == "-" ? null : fields[2], fields[3] == "-" ? null : fields[3],
            [.. processes.Select(process => int.Parse(process, CultureInfo.InvariantCulture))]);
    }
}
