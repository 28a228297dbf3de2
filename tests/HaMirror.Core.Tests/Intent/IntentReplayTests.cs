// Rings written by random transactions, and every way in which their last write can be torn or an earlier one damaged.
using HaMirror.Core.Extents;
using HaMirror.Core.Intent;

namespace HaMirror.Core.Tests.Intent;

public sealed class IntentReplayTests
{
    private const ulong Log = 77;
    private const int SectorBytes = 512;

    /// <summary>A ring, and what it must say.</summary>
    private sealed class Ring(int blocks, int seed)
    {
        private readonly Random _random = new(seed);
        private readonly IntentTransaction _transaction = new();

        public byte[] Bytes { get; private set; } = new byte[blocks * IntentTransaction.BlockBytes];

        public byte[] Before { get; private set; } = [];

        public HashSet<IntentKey> Hot { get; } = [];

        public SortedDictionary<(ulong Inode, ulong Extent), bool> Dirty { get; } = [];

        public ulong Start { get; private set; } = 1;

        public ulong Next { get; private set; } = 1;

        /// <summary>Places of the blocks of the last transaction.</summary>
        public List<int> Last { get; } = [];

        public void Write(bool anew)
        {
            Before = [.. Bytes];
            _transaction.Begin(anew);
            if (anew)
            {
                Start = Next;
                Dirty.Clear(); // the marks file has it
                foreach (var key in Hot)
                    _transaction.Hot(key);
            }
            foreach (var key in Hot.Where(_ => _random.Next(4) == 0).ToArray())
                Cool(key);
            for (var count = _random.Next(1, 90); count > 0; count--)
            {
                var key = new IntentKey(_random.Next(2), (ulong)_random.Next(1, 5), _random.Next(9) == 0 ? IntentKey.Whole : (ulong)_random.Next(1000));
                if (!Hot.Add(key))
                    continue;
                _transaction.Hot(key);
            }
            var sealedBlocks = _transaction.Seal(Log, Next);
            Last.Clear();
            for (var index = 0; index < _transaction.BlockCount; index++, Next++)
            {
                Last.Add((int)(Next % (ulong)blocks));
                sealedBlocks.Slice(index * IntentTransaction.BlockBytes, IntentTransaction.BlockBytes)
                    .CopyTo(Bytes.AsSpan(Last[^1] * IntentTransaction.BlockBytes));
            }
        }

        private void Cool(IntentKey key)
        {
            Hot.Remove(key);
            if (key.IsWhole)
            {
                _transaction.Cold(key, default);
                return;
            }
            var map = new ulong[HotSet.MapWords];
            for (var count = _random.Next(4) switch { 0 => 0, 1 => 1, 2 => IntentTransaction.ListMax, _ => 300 }; count > 0; count--)
            {
                var extent = _random.Next(1024);
                map[extent / 64] |= 1UL << extent % 64;
                Dirty[((ulong)key.Root << 32 | key.Inode, key.Offset / ExtentSet.ExtentBytes + (ulong)extent)] = true;
            }
            _transaction.Cold(key, map);
        }

        public void Expect(byte[] ring, HashSet<IntentKey> hot, IEnumerable<(ulong, ulong)> dirty, string because)
        {
            var replay = new IntentReplay();
            var wrong = replay.Read(ring, Log, Start);
            Assert.True(wrong is null, $"{because}: {wrong}");
            Assert.True(hot.SetEquals(replay.Hot), because);
            Assert.Equal(dirty.Order(), replay.Dirty.SelectMany(file => file.Value.Ranges().SelectMany(range => Extents(file.Key, range))).Order());
        }

        private static IEnumerable<(ulong, ulong)> Extents((int Root, ulong Inode) file, ExtentRange range)
        {
            for (var at = range.Offset; at < range.End; at += ExtentSet.ExtentBytes)
                yield return ((ulong)file.Root << 32 | file.Inode, at / ExtentSet.ExtentBytes);
        }
    }

    /// <summary>At whatever place of the ring a write is torn, and however: the map of the transaction before it comes back, or
    /// its own when all of it got there.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Read_LastWriteTorn_MapOfThePreviousOrTheNewTransaction(int seed)
    {
        var random = new Random(seed);
        var ring = new Ring(40, seed);
        ring.Write(anew: true);
        for (var round = 0; round < 60; round++) // three times round the ring and more
        {
            var (hot, dirty) = (new HashSet<IntentKey>(ring.Hot), ring.Dirty.Keys.ToArray());
            var start = ring.Start;
            var anew = ring.Next - ring.Start > 16;
            ring.Write(anew);
            ring.Expect(ring.Bytes, ring.Hot, ring.Dirty.Keys, $"round {round}, whole");
            if (anew)
                continue; // until marks names it, the blocks from the former start on count
            Assert.Equal(start, ring.Start);
            foreach (var place in ring.Last)
            {
                ring.Expect(Torn(ring, place, random, lost: true), hot, dirty, $"round {round}, block {place} lost");
                ring.Expect(Torn(ring, place, random, lost: false), hot, dirty, $"round {round}, block {place} torn");
            }
            ring.Expect(ring.Before, hot, dirty, $"round {round}, nothing written");
        }
    }

    [Fact]
    public void Read_MapWrittenAnewAndTorn_FormerStartStillCounts()
    {
        var random = new Random(5);
        var ring = new Ring(64, 5);
        ring.Write(anew: true);
        for (var round = 0; round < 8; round++)
            ring.Write(anew: false);
        var start = ring.Start;
        var hot = new HashSet<IntentKey>(ring.Hot);
        ring.Write(anew: true);
        foreach (var place in ring.Last)
        {
            var replay = new IntentReplay();
            Assert.Null(replay.Read(Torn(ring, place, random, lost: false), Log, start));
            Assert.True(hot.SetEquals(replay.Hot));
        }
        var whole = new IntentReplay();
        Assert.Null(whole.Read(ring.Bytes, Log, start));
        Assert.True(ring.Hot.SetEquals(whole.Hot));
    }

    /// <summary>What was flushed long ago and is not there is damage, and is named as such.</summary>
    [Fact]
    public void Read_EarlierBlockDamaged_IsRefused()
    {
        var random = new Random(9);
        var ring = new Ring(64, 9);
        ring.Write(anew: true);
        for (var round = 0; round < 10; round++)
            ring.Write(anew: false);
        for (var sequence = ring.Start; sequence < ring.Next - (ulong)ring.Last.Count; sequence++)
            for (var flip = 0; flip < 20; flip++)
            {
                byte[] damaged = [.. ring.Bytes];
                var at = (int)sequence * IntentTransaction.BlockBytes + random.Next(IntentTransaction.BlockBytes);
                damaged[at] ^= (byte)(1 << random.Next(8));
                Assert.Contains("damaged", new IntentReplay().Read(damaged, Log, ring.Start));
            }
    }

    [Fact]
    public void Read_FileCutShort_IsRefused()
    {
        var ring = new Ring(64, 10);
        ring.Write(anew: true);
        for (var round = 0; round < 10; round++)
            ring.Write(anew: false);
        for (var bytes = 0; bytes < ring.Bytes.Length; bytes += 1000)
            Assert.NotNull(new IntentReplay().Read(ring.Bytes.AsSpan(0, bytes), Log, ring.Start));
    }

    [Fact]
    public void Read_AnotherLogsBlocks_AreNotTakenForThisOnes()
    {
        var ring = new Ring(64, 11);
        ring.Write(anew: true);
        Assert.Contains("does not hold block 1", new IntentReplay().Read(ring.Bytes, Log + 1, 1));
    }

    /// <summary>Whatever the bytes are, reading ends and says something.</summary>
    [Fact]
    public void Read_ValidBlocksWithAnyContent_NeverThrows()
    {
        var random = new Random(12);
        for (var round = 0; round < 300; round++)
        {
            var ring = new Ring(16, round);
            ring.Write(anew: true);
            for (var change = 0; change < 4; change++)
            {
                var block = ring.Bytes.AsSpan(IntentTransaction.BlockBytes, IntentTransaction.BlockBytes);
                block[random.Next(16, 400)] = (byte)random.Next(256);
                BitConverter.TryWriteBytes(block[4..], HaMirror.Core.Wire.Crc32C.Compute(block[8..]));
            }
            _ = new IntentReplay().Read(ring.Bytes, Log, 1);
        }
    }

    private static byte[] Torn(Ring ring, int place, Random random, bool lost)
    {
        byte[] torn = [.. ring.Bytes];
        var at = place * IntentTransaction.BlockBytes;
        var (from, to) = lost ? (0, IntentTransaction.BlockBytes) : Sectors(random);
        ring.Before.AsSpan(at + from, to - from).CopyTo(torn.AsSpan(at + from));
        if (torn.AsSpan(at, IntentTransaction.BlockBytes).SequenceEqual(ring.Bytes.AsSpan(at, IntentTransaction.BlockBytes)))
            torn[at + 16] ^= 1; // those sectors were the same before
        return torn;
    }

    private static (int From, int To) Sectors(Random random)
    {
        var first = random.Next(IntentTransaction.BlockBytes / SectorBytes);
        return (first * SectorBytes, random.Next(first + 1, IntentTransaction.BlockBytes / SectorBytes + 1) * SectorBytes);
    }
}
