// A small file that is replaced on a thread of its own, so that a disk that hangs keeps nobody for longer than its patience.
// Invariants: (1) one replacement at a time: the next one is refused until the disk has answered to the last; (2) a replacement that
// was given up may still happen: whoever asked for it was told that it failed, and says it again.
namespace HaMirror.Io.Records;

/// <summary>Replaces one file.</summary>
/// <param name="path">For the sentences, and for <see cref="HeldPlaces"/>.</param>
/// <param name="patience">How long the disk may be silent.</param>
public sealed class PatientFile(string path, TimeSpan patience)
{
    private readonly Lock _gate = new();
    private Task? _late;
    private long _since;

    /// <param name="replace">Durable when it returns; its exceptions are passed on.</param>
    /// <exception cref="IOException">The disk does not answer; the message is a sentence.</exception>
    public void Replace(Action replace)
    {
        lock (_gate)
        {
            if (_late is { IsCompleted: false })
                throw new IOException(Sentence());
            _late = null;
            _since = Environment.TickCount64;
            var under = Task.Factory.StartNew(replace, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            if (Task.WaitAny([under], patience) >= 0)
            {
                under.GetAwaiter().GetResult();
                return;
            }
            _late = under;
            HeldPlaces.Hold([path], Sentence());
            _ = under.ContinueWith(
                ended =>
                {
                    _ = ended.Exception; // Whoever asked was told that it failed.
                    HeldPlaces.Release([path]);
                }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            throw new IOException(Sentence());
        }
    }

    private string Sentence() =>
        $"{path} could not be written: its disk has not answered for {(Environment.TickCount64 - _since) / 1000.0:0.#} s. Look for the cause in the "
        + "kernel's log (dmesg) and repair or replace it; it is tried again by itself.";
}
