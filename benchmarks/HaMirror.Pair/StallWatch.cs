// Says where every thread of this process is when requests wait and none is answered.
// Invariant: it only reads: what hangs goes on hanging, to be looked at by other means as well.
using System.Text;
using HaMirror.Io.Storage;

namespace HaMirror.Pair;

/// <summary>Looks at a data path twice a second.</summary>
internal sealed class StallWatch : IDisposable
{
    private const long PatienceMs = 5000;
    private const int IntervalMs = 500;

    private readonly MirrorStorage _storage;
    private readonly Timer _timer;
    private long _answered = -1;
    private long _since = Environment.TickCount64;
    private bool _said;

    public StallWatch(MirrorStorage storage)
    {
        _storage = storage;
        _timer = new Timer(_ => Look(), null, IntervalMs, IntervalMs);
    }

    /// <summary>What the data path shows, and where the kernel has each thread.</summary>
    public static string Describe(MirrorStorage storage)
    {
        var text = new StringBuilder();
        text.AppendLine($"status {storage.Status}, pump's last round {Environment.TickCount64 - storage.PumpHeartbeat} ms ago");
        foreach (var task in Directory.EnumerateDirectories("/proc/self/task"))
            text.AppendLine($"  {Read(task, "comm"),-16} {Read(task, "wchan"),-28} {Read(task, "syscall")}");
        return text.ToString();
    }

    public void Dispose() => _timer.Dispose();

    private static string Read(string task, string name)
    {
        try
        {
            return File.ReadAllText(Path.Combine(task, name)).Trim();
        }
        catch (IOException)
        {
            return "?"; // the thread has ended
        }
    }

    private void Look()
    {
        var status = _storage.Status;
        var now = Environment.TickCount64;
        if (status.AnsweredRequests != _answered || status.ActiveRequests == 0)
        {
            if (_said)
                PairNode.Say("It goes on.");
            (_answered, _since, _said) = (status.AnsweredRequests, now, false);
        }
        else if (now - _since > PatienceMs && !_said)
        {
            _said = true;
            PairNode.Say($"STALL: nothing was answered for {now - _since} ms.\n{Describe(_storage)}");
        }
    }
}
