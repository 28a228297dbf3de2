// A connection over any stream, as Kestrel wants it. Two loops: one reads ahead, so that a caller who leaves is noticed while
// his request still runs; one writes. Both are bounded by the pipes' own limits, so a slow caller holds nobody but himself.
using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;

namespace HaMirror.Agent.Web;

/// <summary>One accepted connection whose stream this agent made itself.</summary>
internal sealed class StreamConnection : ConnectionContext
{
    private const int BufferBytes = 64 << 10;
    private const int ReadBytes = 4 << 10;

    private static long _count;

    private readonly Stream _stream;
    private readonly Pipe _input = new(Options());
    private readonly Pipe _output = new(Options());
    private readonly CancellationTokenSource _closed = new();
    private readonly Task _sending;
    private readonly Task _receiving;

    /// <param name="stream">Connected; owned from here on.</param>
    public StreamConnection(Stream stream, Arrival arrival, EndPoint? local)
    {
        _stream = stream;
        Features = new FeatureCollection();
        Features.Set(arrival);
        Transport = new Duplex(_input.Reader, _output.Writer);
        RemoteEndPoint = arrival.Remote;
        LocalEndPoint = local;
        ConnectionClosed = _closed.Token;
        _receiving = ReceiveAsync();
        _sending = SendAsync();
    }

    public override string ConnectionId { get; set; } = $"hm{Interlocked.Increment(ref _count)}";

    public override IFeatureCollection Features { get; }

    public override IDictionary<object, object?> Items { get; set; } = new Dictionary<object, object?>();

    public override IDuplexPipe Transport { get; set; }

    public override CancellationToken ConnectionClosed { get; set; }

    /// <summary>What ended the connection, for a debugger; null: it ended in order.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>Completes when the connection is over and its place is free.</summary>
    public TaskCompletionSource Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public override void Abort(ConnectionAbortedException abortReason) => _stream.Dispose();

    public override async ValueTask DisposeAsync()
    {
        try
        {
            await Transport.Output.CompleteAsync();
            await Transport.Input.CompleteAsync();
            await _sending;
            await _stream.DisposeAsync();
            await _receiving;
            _closed.Dispose();
        }
        finally
        {
            Ended.TrySetResult(); // Its place is free, whatever the stream thought of its end.
        }
    }

    private static PipeOptions Options() => new(
        pauseWriterThreshold: BufferBytes, resumeWriterThreshold: BufferBytes / 2, useSynchronizationContext: false);

    private async Task ReceiveAsync()
    {
        await Task.Yield();
        try
        {
            while (true)
            {
                var count = await _stream.ReadAsync(_input.Writer.GetMemory(ReadBytes));
                if (count == 0) break;
                _input.Writer.Advance(count);
                if ((await _input.Writer.FlushAsync()).IsCompleted) break;
            }
        }
        catch (Exception error)
        {
            // The other end broke off, or this end is done: both end the connection, which is all there is to do. Whatever else a
            // stream may throw must not leave it half-open either.
            Failure = error;
        }

        await _input.Writer.CompleteAsync();
        ThreadPool.UnsafeQueueUserWorkItem(static connection => connection.TellClosed(), this, preferLocal: false);
    }

    private void TellClosed()
    {
        try
        {
            _closed.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // Disposed meanwhile: nobody listens any more.
        }
    }

    private async Task SendAsync()
    {
        await Task.Yield();
        try
        {
            while (true)
            {
                var result = await _output.Reader.ReadAsync();
                foreach (var part in result.Buffer) await _stream.WriteAsync(part);
                _output.Reader.AdvanceTo(result.Buffer.End);
                await _stream.FlushAsync();
                if (result.IsCompleted) break;
            }
        }
        catch (Exception error)
        {
            // Likewise: the request learns it when its next part cannot be written.
            Failure = error;
        }

        await _output.Reader.CompleteAsync();
    }

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
