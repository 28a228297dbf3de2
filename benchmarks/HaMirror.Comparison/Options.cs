// The command line of "comparison", which benchmarks/run.sh writes: it is no interface for people.
using System.Globalization;

namespace HaMirror.Comparison;

/// <summary>Words behind the first: --name value.</summary>
internal sealed class Options
{
    private readonly Dictionary<string, string> _values = [];

    /// <exception cref="FormatException">It does not come in pairs.</exception>
    public Options(ReadOnlySpan<string> words)
    {
        if (words.Length % 2 != 0)
        {
            throw new FormatException($"'{words[^1]}' wants a value.");
        }

        for (var index = 0; index < words.Length; index += 2)
        {
            _values[words[index].TrimStart('-')] = words[index + 1];
        }
    }

    public string? Find(string name) => _values.GetValueOrDefault(name);

    /// <exception cref="FormatException">It is missing.</exception>
    public string Text(string name) => Find(name) ?? throw new FormatException($"--{name} is missing.");

    /// <exception cref="FormatException">It is missing or no number.</exception>
    public double Number(string name) => double.TryParse(Text(name), CultureInfo.InvariantCulture, out var value)
        ? value
        : throw new FormatException($"--{name} takes a number, not '{Text(name)}'.");
}
