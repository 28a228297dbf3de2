using System.Globalization;
using System.Text;

namespace HaMirror.Io.Hooks;

/// <summary>The files that keep what hooks print: <c>userlog_DATETtime_HOOK.ulog</c>, one per run.</summary>
/// <remarks>Hooks append to the file themselves; cutting it back while they run bounds it, give or take one interval.</remarks>
internal sealed class HookOutput(string directory, long bytesMax)
{
    /// <summary>Runs of one hook that are kept.</summary>
    public const int RunsKept = 50;

    /// <summary>Runs that may begin in the same second before a name is no longer found.</summary>
    private const int SameSecondMax = 1000;

    /// <summary>Makes the file of a new run and removes those of the oldest.</summary>
    /// <exception cref="IOException">The directory cannot be written.</exception>
    public string Begin(string hook, DateTimeOffset now, string header)
    {
        Directory.CreateDirectory(directory);
        Prune(hook);
        var stem = string.Create(CultureInfo.InvariantCulture, $"{directory}/userlog_{now.LocalDateTime:yyyy-MM-dd'T'HHmmss}_{hook}");
        for (var number = 1; number <= SameSecondMax; number++)
        {
            var file = number == 1 ? $"{stem}.ulog" : $"{stem}-{number:000}.ulog";
            try
            {
                using var stream = new FileStream(file, new FileStreamOptions
                {
                    Mode = FileMode.CreateNew,
                    Access = FileAccess.Write,
                    UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
                });
                stream.Write(Encoding.UTF8.GetBytes($"# {header}\n"));
                return file;
            }
            catch (IOException) when (File.Exists(file))
            {
                // Another run of this second has the name: the next number is free.
            }
        }

        throw new IOException($"more than {SameSecondMax} runs of {hook} began in one second");
    }

    /// <summary>Cuts the file back when it is too long; true when it was.</summary>
    public bool Cut(string file)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        if (stream.Length <= bytesMax)
        {
            return false;
        }

        stream.SetLength(bytesMax);
        return true;
    }

    /// <summary>Adds the last line.</summary>
    public void End(string file, string trailer)
    {
        using var stream = new FileStream(file, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        stream.Write(Encoding.UTF8.GetBytes($"# {trailer}\n"));
    }

    private void Prune(string hook)
    {
        // Names sort by time. A second run within a second has a number after the hook's name.
        var files = Directory.GetFiles(directory, $"userlog_*_{hook}*.ulog")
            .Where(file => HookOf(file) == hook)
            .OrderDescending(StringComparer.Ordinal)
            .ToArray();
        foreach (var file in files.Skip(RunsKept - 1))
        {
            File.Delete(file);
        }

        // What a daemon that a hook left behind went on printing counts as well.
        foreach (var file in files.Take(RunsKept - 1))
        {
            Cut(file);
        }
    }

    private static string HookOf(string file)
    {
        var name = Path.GetFileNameWithoutExtension(file);
        var hook = name[(name.IndexOf('_', "userlog_".Length) + 1)..];
        var dash = hook.LastIndexOf('-');
        return dash > 0 && hook.Length - dash == 4 && hook[(dash + 1)..].All(char.IsAsciiDigit) ? hook[..dash] : hook;
    }
}
