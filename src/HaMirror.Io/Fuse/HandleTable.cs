namespace HaMirror.Io.Fuse;

/// <summary>Open handles by the number that the kernel has for them; numbers of closed ones are used again.</summary>
internal sealed class HandleTable<T>
    where T : class
{
    private readonly List<T?> handles = [];
    private readonly Stack<int> free = [];

    internal IEnumerable<T> All => handles.OfType<T>();

    internal ulong Add(T handle)
    {
        if (free.TryPop(out var index))
        {
            handles[index] = handle;
            return (ulong)index;
        }

        handles.Add(handle);
        return (ulong)handles.Count - 1;
    }

    internal T? Find(ulong number) => number < (ulong)handles.Count ? handles[(int)number] : null;

    internal T? Remove(ulong number)
    {
        if (Find(number) is not { } handle)
        {
            return null;
        }

        handles[(int)number] = null;
        free.Push((int)number);
        return handle;
    }
}
