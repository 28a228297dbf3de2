using System.Globalization;
using System.Text.RegularExpressions;
using System.Threading.Channels;
using HaMirror.Core.Api;
using HaMirror.Core.Machine;
using Serilog;
using Serilog.Core;
using Serilog.Events;

namespace HaMirror.Agent.Logging;

/// <summary>One module's log: <c>/var/log/hamirror/MODULE.log</c>, and the newest lines in memory for the API.</summary>
/// <remarks>A line is <c>2026-11-25T19:00:00.123+00:00 Level Text</c>; a line break in a text becomes <c> | </c>, so that a
/// line is always one message. Files roll at <see cref="FileBytesMax"/>, <see cref="FilesMax"/> are kept.</remarks>
internal sealed class ModuleLog : IDisposable
{
    public const int LinesMax = 2000;

    /// <summary>Anybody with the role may add a line, and this many of them are kept in memory.</summary>
    public const int TextLengthMax = 4000;

    private const long FileBytesMax = 8 << 20;
    private const int FilesMax = 5;

    /// <summary>A reader that does not keep up loses its oldest lines, never holds the module.</summary>
    private const int FollowerLinesMax = 1000;

    private readonly Lock _lock = new();
    private readonly LinkedList<LogLine> _lines = new();
    private readonly List<Channel<LogLine>> _followers = [];
    private readonly string _module;
    private readonly Logger _file;
    private readonly TimeProvider _clock;

    public ModuleLog(string path, string module, TimeProvider clock)
    {
        _module = module;
        _clock = clock;
        foreach (var line in Tail(path)) _lines.AddLast(line);
        _file = new LoggerConfiguration().MinimumLevel.Verbose()
            .WriteTo.File(path, outputTemplate: "{Message:l}{NewLine}", formatProvider: CultureInfo.InvariantCulture,
                fileSizeLimitBytes: FileBytesMax, rollOnFileSizeLimit: true, retainedFileCountLimit: FilesMax)
            .CreateLogger();
    }

    public void Add(SayLevel level, string text)
    {
        var line = new LogLine(_clock.GetLocalNow(), _module, level.ToString(), Clean(text));
        lock (_lock)
        {
            _lines.AddLast(line);
            if (_lines.Count > LinesMax) _lines.RemoveFirst();
            _file.Write(LogEventLevel.Information, "{Line:l}", Text(line));
            foreach (var follower in _followers) follower.Writer.TryWrite(line);
        }
    }

    /// <summary>The last <paramref name="count"/> lines after <paramref name="since"/>; older ones than
    /// <see cref="LinesMax"/> are in the files only.</summary>
    public IReadOnlyList<LogLine> Last(DateTimeOffset? since, int count)
    {
        lock (_lock) return [.. _lines.Where(line => since is null || line.Time > since).TakeLast(count)];
    }

    /// <summary>As <see cref="Last"/>, and what is added from then on, without a gap.</summary>
    public (IReadOnlyList<LogLine> Last, ChannelReader<LogLine> Next) Follow(DateTimeOffset? since, int count)
    {
        var channel = Channel.CreateBounded<LogLine>(
            new BoundedChannelOptions(FollowerLinesMax) { FullMode = BoundedChannelFullMode.DropOldest });
        lock (_lock)
        {
            _followers.Add(channel);
            return (Last(since, count), channel.Reader);
        }
    }

    public void Unfollow(ChannelReader<LogLine> reader)
    {
        lock (_lock) _followers.RemoveAll(channel => channel.Reader == reader);
    }

    public void Dispose()
    {
        lock (_lock)
        {
            foreach (var follower in _followers) follower.Writer.TryComplete();
            _followers.Clear();
            _file.Dispose();
        }
    }

    private static string Clean(string text)
    {
        var line = Api.Printable.Clean(text.Trim().ReplaceLineEndings(" | ").Replace('\t', ' '));
        return line.Length > TextLengthMax ? line[..TextLengthMax] + "..." : line;
    }

    private static string Text(LogLine line) =>
        string.Create(CultureInfo.InvariantCulture, $"{line.Time:yyyy-MM-ddTHH:mm:ss.fffzzz} {line.Level} {line.Text}");

    private IEnumerable<LogLine> Tail(string path)
    {
        // A rolled log goes on in MODULE_001.log and so on: the one with the highest number is the newest.
        var name = Regex.Escape(Path.GetFileNameWithoutExtension(path));
        try
        {
            var newest = Directory.EnumerateFiles(Path.GetDirectoryName(path)!)
                .Where(file => Regex.IsMatch(Path.GetFileName(file), $@"^{name}(_\d{{3,}})?\.log$"))
                .Order(StringComparer.Ordinal).LastOrDefault();
            return newest is null ? [] : [.. File.ReadLines(newest).TakeLast(LinesMax).Select(Parse).OfType<LogLine>()];
        }
        catch (IOException)
        {
            return []; // History for the API only: a log that cannot be read must not keep the module from running.
        }
    }

    private LogLine? Parse(string line)
    {
        var parts = line.Split(' ', 3);
        return parts.Length == 3 && DateTimeOffset.TryParse(parts[0], CultureInfo.InvariantCulture, out var time)
            ? new LogLine(time, _module, parts[1], parts[2])
            : null;
    }
}
