namespace HaMirror.Simulator;

/// <summary>What a block holds: the number of the write that each half of it comes from. They differ after a torn write.</summary>
public readonly record struct BlockContent(long First, long Second)
{
    /// <summary>As one write leaves it.</summary>
    public static BlockContent Of(long write) => new(write, write);

    public override string ToString() => First == Second ? $"{First}" : $"{First}|{Second}";
}
