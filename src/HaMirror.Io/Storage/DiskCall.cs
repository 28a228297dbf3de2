namespace HaMirror.Io.Storage;

/// <summary>A call that a disk may keep for ever, on a thread that nobody else needs.</summary>
internal static class DiskCall
{
    /// <param name="patience">How long it is waited for.</param>
    /// <param name="late">Gets a result that came after that.</param>
    /// <param name="sentence">What is said then.</param>
    /// <exception cref="IOException">It has not come back; the message is <paramref name="sentence"/>. Its own exceptions are passed on.</exception>
    public static async Task<T> RunAsync<T>(Func<T> call, TimeSpan patience, Action<T> late, string sentence)
    {
        var task = Task.Factory.StartNew(call, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        try
        {
            return await task.WaitAsync(patience).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            _ = task.ContinueWith(ended => late(ended.Result), CancellationToken.None, TaskContinuationOptions.OnlyOnRanToCompletion, TaskScheduler.Default);
            throw new IOException(sentence);
        }
    }
}
