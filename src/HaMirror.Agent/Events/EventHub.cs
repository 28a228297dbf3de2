// What happens on this node, for everybody who watches. Invariants: publishing never waits (G8): a client's queue is bounded, and
// one that does not keep up loses events and is told to begin anew with the whole state; so does one that asks to resume after
// something no longer kept, or after something of another process. Memory: EventsMax events and ClientsMax queues.
using System.Globalization;
using System.Threading.Channels;

namespace HaMirror.Agent.Events;

/// <summary>Keeps the newest events and hands them to those who watch.</summary>
internal sealed class EventHub
{
    public const int EventsMax = 4000;
    public const int ClientsMax = 64;
    private const int QueueMax = 512;

    private readonly Lock _lock = new();
    private readonly Queue<StreamEvent> _kept = new();
    private readonly List<Client> _clients = [];
    private long _last;

    /// <summary>Part of each id, so that the number of an earlier process is not taken for one of this.</summary>
    public string Epoch { get; } = Guid.NewGuid().ToString("N")[..8];

    public bool Watched
    {
        get
        {
            lock (_lock) return _clients.Count > 0;
        }
    }

    public void Publish(string kind, byte[] data)
    {
        lock (_lock)
        {
            var made = new StreamEvent(++_last, kind, data);
            _kept.Enqueue(made);
            if (_kept.Count > EventsMax) _kept.Dequeue();
            foreach (var client in _clients) client.Offer(made);
        }
    }

    public string IdOf(long number) => string.Create(CultureInfo.InvariantCulture, $"{Epoch}-{number}");

    /// <summary>Begins to watch.</summary>
    /// <param name="after">The last id that the client has; null: none.</param>
    /// <returns>Null when too many watch already.</returns>
    public Client? Watch(string? after)
    {
        lock (_lock)
        {
            if (_clients.Count >= ClientsMax) return null;
            var client = new Client(this, _last);
            _clients.Add(client);
            if (Number(after) is { } number && number <= _last && (_kept.Count == 0 ? number == _last : number >= _kept.Peek().Number - 1))
            {
                var missed = _kept.Where(made => made.Number > number).ToArray();
                if (missed.Length < QueueMax)
                {
                    client.Resumed = true;
                    foreach (var made in missed) client.Offer(made);
                }
            }

            return client;
        }
    }

    private long? Number(string? id)
    {
        var parts = id?.Split('-');
        return parts is [var epoch, var number] && epoch == Epoch && long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var parsed) ? parsed : null;
    }

    /// <summary>One who watches.</summary>
    internal sealed class Client(EventHub hub, long begin) : IDisposable
    {
        private readonly Channel<StreamEvent> _queue = Channel.CreateBounded<StreamEvent>(QueueMax);
        private int _overrun;

        public ChannelReader<StreamEvent> Events => _queue.Reader;

        /// <summary>Number of the last event before the watch began: the state that is sent first is not older.</summary>
        public long Begin => begin;

        /// <summary>The client gets what it missed; else it needs the whole state.</summary>
        public bool Resumed { get; set; }

        /// <summary>Events were lost since this was last asked.</summary>
        public bool TakeOverrun() => Interlocked.Exchange(ref _overrun, 0) == 1;

        /// <summary>Under the hub's lock.</summary>
        public void Offer(StreamEvent made)
        {
            if (!_queue.Writer.TryWrite(made)) Volatile.Write(ref _overrun, 1);
        }

        public void Dispose()
        {
            lock (hub._lock) hub._clients.Remove(this);
        }
    }
}
