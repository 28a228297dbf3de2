using System.Globalization;
using System.Text;

namespace HaMirror.Io.Hooks;

/// <summary>A process as /proc shows it.</summary>
/// <param name="Name">At most 15 characters (the kernel's comm).</param>
/// <param name="State">One letter: R, S, D, Z and so on.</param>
public sealed record ProcessEntry(int Id, string Name, char State, int Parent, int Session)
{
    /// <summary>False for what has ended and only waits for its parent to notice.</summary>
    public bool IsAlive => State is not ('Z' or 'X');

    /// <summary>Every process of this PID namespace. One that ends meanwhile is left out.</summary>
    public static IEnumerable<ProcessEntry> All()
    {
        foreach (var directory in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(directory.AsSpan()), NumberStyles.None, CultureInfo.InvariantCulture, out var id)
                && Read(id) is { } entry)
            {
                yield return entry;
            }
        }
    }

    /// <summary>One process, or null when it has gone.</summary>
    public static ProcessEntry? Read(int id)
    {
        // "id (comm) state parent group session ...": comm may hold blanks and parentheses, so the last one counts.
        if (ReadText($"/proc/{id}/stat") is not { } text)
        {
            return null;
        }

        var open = text.IndexOf('(', StringComparison.Ordinal);
        var close = text.LastIndexOf(')');
        if (open < 0 || close < open)
        {
            return null;
        }

        var fields = text[(close + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return fields.Length < 4 ? null : new ProcessEntry(
            id,
            text[(open + 1)..close],
            fields[0][0],
            int.Parse(fields[1], CultureInfo.InvariantCulture),
            int.Parse(fields[3], CultureInfo.InvariantCulture));
    }

    /// <summary>The command line with blanks between its words; empty for a process that has gone or is the kernel's.</summary>
    public string CommandLine() => (ReadText($"/proc/{Id}/cmdline") ?? "").TrimEnd('\0').Replace('\0', ' ');

    private static string? ReadText(string path)
    {
        try
        {
            return File.ReadAllText(path, Encoding.UTF8);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // ESRCH and ENOENT: it ended between the listing and now, which is no failure of ours.
            return null;
        }
    }
}
