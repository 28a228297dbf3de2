// Random operations on a directory, from a seed: what a guest, a database and an administrator do, on few names, so that
// they meet.
using HaMirror.Files.Tests.Fuse;
using HaMirror.Io.Native;

namespace HaMirror.Files.Tests.Replication;

internal sealed unsafe class RandomGuest(string folder, int seed)
{
    private const int NameCount = 8;
    private const int FileBytesMax = 1 << 20;
    private const int ModeKeepSize = 1;
    private const int ModePunchHole = 2;
    private const int ModeZero = 16;

    private readonly Random _random = new(seed);

    public void Run(int steps)
    {
        for (var step = 0; step < steps; step++)
            Step();
    }

    private string Name()
    {
        var name = $"{(char)('a' + _random.Next(NameCount))}";
        return _random.Next(3) == 0 ? $"d{_random.Next(3)}/{name}" : name;
    }

    private string Place() => Path.Combine(folder, Name());

    private void Step()
    {
        try
        {
            switch (_random.Next(20))
            {
                case < 8:
                    Write();
                    break;
                case < 10:
                    Truncate();
                    break;
                case 10 or 11:
                    Allocate();
                    break;
                case 12:
                    Directory.CreateDirectory(Path.Combine(folder, $"d{_random.Next(3)}"));
                    break;
                case 13:
                    Directory.Move(Path.Combine(folder, $"d{_random.Next(3)}"), Path.Combine(folder, $"d{_random.Next(3)}"));
                    break;
                case 14:
                    File.Move(Place(), Place(), true);
                    break;
                case 15:
                    File.Delete(Place());
                    break;
                case 16:
                    File.CreateSymbolicLink(Place(), $"to{_random.Next(5)}");
                    break;
                case 17:
                    Attribute();
                    break;
                case 18:
                    HardLink();
                    break;
                default:
                    File.SetUnixFileMode(Place(), (UnixFileMode)(_random.Next(512) | 0b110_000_000));
                    break;
            }
        }
        catch (Exception expected) when (expected is IOException or UnauthorizedAccessException)
        {
            // A missing parent, a directory in the way: part of the game, and equal on both sides.
        }
    }

    private void Write()
    {
        using var file = new FileStream(Place(), FileMode.OpenOrCreate, FileAccess.Write);
        var bytes = new byte[_random.Next(4) == 0 ? _random.Next(200_000) : _random.Next(1, 9000)];
        _random.NextBytes(bytes);
        file.Seek(_random.Next(FileBytesMax), SeekOrigin.Begin);
        file.Write(bytes);
        if (_random.Next(6) == 0)
            file.Flush(true);
    }

    private void Truncate()
    {
        using var file = new FileStream(Place(), FileMode.Open, FileAccess.Write);
        file.SetLength(_random.Next(FileBytesMax));
    }

    private void Allocate()
    {
        using var file = new FileStream(Place(), FileMode.Open, FileAccess.Write);
        var mode = _random.Next(3) switch
        {
            0 => ModePunchHole | ModeKeepSize,
            1 => ModeZero,
            _ => 0,
        };
        _ = Shim.Allocate((int)file.SafeFileHandle.DangerousGetHandle(), mode, (ulong)_random.Next(FileBytesMax), (ulong)_random.Next(1, 300_000));
    }

    private void Attribute() => Use(Place(), descriptor =>
    {
        var value = stackalloc byte[20];
        _random.NextBytes(new Span<byte>(value, 20));
        _ = _random.Next(4) == 0
            ? Shim.RemoveAttribute(descriptor, "user.test")
            : Shim.SetAttribute(descriptor, "user.test", value, (ulong)_random.Next(1, 20), 0);
    });

    private void HardLink()
    {
        var (from, to) = (Place(), Place());
        Use(from, descriptor => _ = Shim.Link(descriptor, Shim.CurrentDirectory, to));
    }

    private static void Use(string path, Action<int> action)
    {
        var descriptor = Shim.Open(Shim.CurrentDirectory, path, OpenFlags.Path | OpenFlags.NoFollow, 0);
        if (descriptor < 0)
            return;
        action(descriptor);
        _ = Shim.Close(descriptor);
    }
}
