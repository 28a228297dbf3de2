namespace HaMirror.Io.Heartbeats;

/// <summary>What the heartbeats tell the agent, from their own threads: an implementation only posts to a queue.</summary>
public interface IHeartbeatEvents
{
    /// <summary>Everything to announce now; called once per pulse from the sending thread.</summary>
    IReadOnlyCollection<ModuleAnnouncement> Announcements();

    /// <summary>The peer said this of one module. The same may arrive over each LAN.</summary>
    void Heard(ModuleAnnouncement announcement);

    /// <summary>The peer was not heard on this LAN for the time-out, or is heard again.</summary>
    void LanChanged(string lan, bool lost);

    /// <summary>Something is wrong with a LAN or with what arrives on it: a sentence. At most one a minute of a kind.</summary>
    void Trouble(string sentence);
}
