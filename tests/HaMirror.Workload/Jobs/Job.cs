namespace HaMirror.Workload.Jobs;

/// <summary>One kind of work, with a ledger of its own. One thread.</summary>
internal abstract class Job : IDisposable
{
    protected Job(string directory, string name, string ledgers, Violations violations)
    {
        (Directory, Name) = (directory, name);
        Ledger = new Ledger(Path.Combine(ledgers, name), violations);
    }

    public string Name { get; }

    protected string Directory { get; }

    protected Ledger Ledger { get; }

    /// <summary>Compares what is there with what was promised.</summary>
    /// <param name="plain">Acknowledged plain writes must be there too.</param>
    /// <returns>What is missing or wrong, a sentence each.</returns>
    public abstract IEnumerable<string> Verify(bool plain);

    /// <summary>Flushes what was found and begins promises anew with it.</summary>
    public abstract void Begin();

    public abstract void Step(Random random);

    /// <summary>Everything written is flushed.</summary>
    public abstract void Flush();

    public virtual void Dispose() => Ledger.Dispose();
}
