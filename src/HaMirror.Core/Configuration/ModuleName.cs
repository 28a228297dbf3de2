namespace HaMirror.Core.Configuration;

/// <summary>What a module may be called: its name becomes a directory, a log file and a word of commands.</summary>
public static class ModuleName
{
    /// <summary>Longest name, in characters.</summary>
    public const int LengthMax = 64;

    /// <summary>Null when the name is good, else a sentence.</summary>
    public static string? Refusal(string name)
    {
        if (name.Length is 0 or > LengthMax)
        {
            return $"a module's name has 1 to {LengthMax} characters";
        }

        return char.IsAsciiLetterOrDigit(name[0]) && name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '_' or '-' or '.')
            ? null
            : $"\"{name}\" is no name of a module: use letters, digits, underscores, dots and hyphens, a letter or digit first";
    }
}
