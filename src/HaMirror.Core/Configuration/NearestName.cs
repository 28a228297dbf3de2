namespace HaMirror.Core.Configuration;

/// <summary>Finds the known name that a mistyped one was most likely meant to be.</summary>
public static class NearestName
{
    /// <summary>Names longer than this are compared by their beginning: nobody mistypes more, and the work is bounded.</summary>
    private const int ComparedLengthMax = 64;

    /// <summary>The nearest of <paramref name="known"/>, or null when none is near (more than half of the name differs).</summary>
    public static string? Find(string name, IEnumerable<string> known)
    {
        string? nearest = null;
        var distance = int.MaxValue;
        foreach (var candidate in known)
        {
            var found = Distance(Short(name), candidate);
            if (found < distance)
            {
                (nearest, distance) = (candidate, found);
            }
        }

        return nearest is not null && distance <= Math.Max(1, Math.Max(nearest.Length, Short(name).Length) / 2) ? nearest : null;
    }

    /// <summary>A clause such as <c>; did you mean "pulse"?</c>, or the whole list when nothing is near.</summary>
    public static string Hint(string name, IReadOnlyCollection<string> known) =>
        Find(name, known) is { } nearest ? $"; did you mean \"{nearest}\"?"
        : known.Count == 0 ? ""
        : $"; known here: {string.Join(", ", known)}";

    /// <summary>Edit distance (insert, delete, replace, exchange of two neighbours), capitals ignored.</summary>
    public static int Distance(string left, string right)
    {
        var rows = new int[left.Length + 1, right.Length + 1];
        for (var i = 0; i <= left.Length; i++)
        {
            rows[i, 0] = i;
        }

        for (var j = 0; j <= right.Length; j++)
        {
            rows[0, j] = j;
        }

        for (var i = 1; i <= left.Length; i++)
        {
            for (var j = 1; j <= right.Length; j++)
            {
                var replace = rows[i - 1, j - 1] + (Same(left[i - 1], right[j - 1]) ? 0 : 1);
                rows[i, j] = Math.Min(replace, Math.Min(rows[i - 1, j], rows[i, j - 1]) + 1);
                if (i > 1 && j > 1 && Same(left[i - 1], right[j - 2]) && Same(left[i - 2], right[j - 1]))
                {
                    rows[i, j] = Math.Min(rows[i, j], rows[i - 2, j - 2] + 1);
                }
            }
        }

        return rows[left.Length, right.Length];
    }

    private static bool Same(char left, char right) => char.ToLowerInvariant(left) == char.ToLowerInvariant(right);

    private static string Short(string name) => name.Length <= ComparedLengthMax ? name : name[..ComparedLengthMax];
}
