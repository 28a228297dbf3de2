// access.json below /etc/hamirror, 0600: users, keys, revoked sessions. One change at a time; durable before it counts.
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using HaMirror.Agent.Hosting;
using HaMirror.Agent.Logging;
using HaMirror.Core.Api;
using HaMirror.Io.Records;

namespace HaMirror.Agent.Access;

/// <summary>The accounts of this cluster, as this node knows them.</summary>
internal sealed class AccessStore(AgentFiles files, ILogger<AccessStore> log, TimeProvider clock)
{
    /// <summary>Shows in a leaked text what it is.</summary>
    public const string KeyPrefix = "hmk1-";

    /// <summary>Of users and keys, in characters.</summary>
    public const int NameLengthMax = 64;

    private const int KeyBytes = 32;

    private readonly Lock _lock = new();
    private volatile AccessBook? _book;

    public string File => $"{files.ConfigurationDirectory}/access.json";

    /// <summary>Raised after a change of this node's own.</summary>
    public Action? Changed { get; set; }

    public AccessBook Book
    {
        get
        {
            if (_book is { } book) return book; // No request waits for the disk under another's change.
            lock (_lock) return _book ??= Read();
        }
    }

    public Account? FindUser(string name) => Book.Users.GetValueOrDefault(name) is { Removed: false } user ? user : null;

    /// <summary>The key's entry; null when it is none of ours.</summary>
    public Account? FindKey(string key)
    {
        if (!key.StartsWith(KeyPrefix, StringComparison.Ordinal)) return null;
        var hash = Hash(key);
        return Book.Keys.Values.FirstOrDefault(entry => !entry.Removed
            && CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(entry.Secret), Encoding.ASCII.GetBytes(hash)));
    }

    /// <exception cref="Refusal">The name is taken or wrong, or the password too short.</exception>
    public Account AddUser(string name, Role role, string password, string by)
    {
        RefuseName(name, "user");
        var secret = Secret(password);
        lock (_lock)
        {
            if (FindUser(name) is not null)
                throw new Refusal(Refusal.Conflict, $"There is a user '{name}' already.", $"'hamirror user password {name}' changes the password, 'hamirror user role' the role.");
            var user = new Account(name, role, secret, Stamp(Book.Users.GetValueOrDefault(name)), false);
            Write(Book with { Users = Book.Users.SetItem(name, user) }, by, $"user '{name}' was added with the role {role}");
            return user;
        }
    }

    /// <exception cref="Refusal">There is no such user, or nobody would be left to administer.</exception>
    public Account ChangeUser(string name, Role? role, string? password, string by)
    {
        var secret = password is null ? null : Secret(password);
        lock (_lock)
        {
            var user = User(name);
            if (role is not null and not Role.Admin) RefuseLastAdministrator(user);
            var changed = user with { Role = role ?? user.Role, Secret = secret ?? user.Secret, Changed = Stamp(user) };
            var what = (role, password) switch
            {
                (null, _) => $"the password of user '{name}' was changed",
                (_, null) => $"user '{name}' has the role {role} now",
                _ => $"role and password of user '{name}' were changed",
            };
            Write(Book with { Users = Book.Users.SetItem(name, changed) }, by, what);
            return changed;
        }
    }

    /// <exception cref="Refusal">As above.</exception>
    public void RemoveUser(string name, string by)
    {
        lock (_lock)
        {
            var user = User(name);
            RefuseLastAdministrator(user);
            Write(Book with { Users = Book.Users.SetItem(name, user with { Secret = "", Removed = true, Changed = Stamp(user) }) }, by, $"user '{name}' was removed");
        }
    }

    /// <returns>The key itself, which is kept nowhere.</returns>
    public string AddKey(string name, Role role, string by)
    {
        RefuseName(name, "key");
        lock (_lock)
        {
            if (Book.Keys.GetValueOrDefault(name) is { Removed: false })
                throw new Refusal(Refusal.Conflict, $"There is a key '{name}' already.", $"Choose another name, or 'hamirror key remove {name}' first.");
            var key = KeyPrefix + System.Buffers.Text.Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(KeyBytes));
            var entry = new Account(name, role, Hash(key), Stamp(Book.Keys.GetValueOrDefault(name)), false);
            Write(Book with { Keys = Book.Keys.SetItem(name, entry) }, by, $"key '{name}' was made with the role {role}");
            return key;
        }
    }

    public void RemoveKey(string name, string by)
    {
        lock (_lock)
        {
            var entry = Book.Keys.GetValueOrDefault(name) is { Removed: false } found
                ? found
                : throw new Refusal(Refusal.NotFound, $"There is no key '{name}'.", "'hamirror key list' shows all.");
            Write(Book with { Keys = Book.Keys.SetItem(name, entry with { Secret = "", Removed = true, Changed = Stamp(entry) }) }, by, $"key '{name}' was removed");
        }
    }

    public void Revoke(string session, DateTimeOffset until)
    {
        lock (_lock) Write(Book with { Revoked = Book.Revoked.SetItem(session, until) }, null, null);
    }

    /// <summary>Takes what the other node has newer.</summary>
    /// <returns>What both have now.</returns>
    public AccessBook Merge(AccessBook other)
    {
        lock (_lock)
        {
            var merged = AccessBook.Merge(Book, other, clock.GetUtcNow());
            if (!merged.Same(Book)) Save(merged);
            return merged;
        }
    }

    /// <summary>Parses a role as people write it.</summary>
    /// <exception cref="Refusal">It is none.</exception>
    public static Role RoleOf(string text) =>
        Enum.TryParse<Role>(text, ignoreCase: true, out var role) && !char.IsAsciiDigit(text[0])
            ? role
            : throw new Refusal(Refusal.BadRequest, $"'{text}' is no role: admin, control or monitor.");

    private Account User(string name) => FindUser(name)
        ?? throw new Refusal(Refusal.NotFound, $"There is no user '{name}'.", "'hamirror user list' shows all.");

    private void RefuseLastAdministrator(Account user)
    {
        if (user.Role == Role.Admin && !Book.Users.Values.Any(other => other is { Removed: false, Role: Role.Admin } && other.Name != user.Name))
            throw new Refusal(Refusal.Conflict, $"'{user.Name}' is the only administrator.", "Make another one first: hamirror user add NAME --role admin.");
    }

    /// <summary>Later than the entry's last change even if the clock was set back, or the other node would keep the old one.</summary>
    private DateTimeOffset Stamp(Account? before)
    {
        var now = clock.GetUtcNow();
        return before is not null && before.Changed >= now ? before.Changed.AddTicks(1) : now;
    }

    private static string Secret(string password) => password.Length switch
    {
        < PasswordHash.LengthMin => throw new Refusal(Refusal.BadRequest, $"A password has at least {PasswordHash.LengthMin} characters.", "Choose a longer one."),
        > PasswordHash.LengthMax => throw new Refusal(Refusal.BadRequest, $"A password has at most {PasswordHash.LengthMax} characters.", "Choose a shorter one."),
        _ => PasswordHash.Of(password),
    };

    private static void RefuseName(string name, string what)
    {
        if (name.Length is 0 or > NameLengthMax || !name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '_' or '-' or '@'))
            throw new Refusal(Refusal.BadRequest, $"That is no name of a {what}: use letters, digits and . _ - @, at most {NameLengthMax}.");
    }

    private static string Hash(string key) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)));

    private void Write(AccessBook book, string? by, string? what)
    {
        Save(book);
        if (what is not null) log.AccessChanged(by ?? "somebody", what);
        Changed?.Invoke();
    }

    private void Save(AccessBook book)
    {
        AtomicFile.Replace(File, JsonSerializer.SerializeToUtf8Bytes(book, AccessJson.Default.AccessBook));
        _book = book;
    }

    private AccessBook Read()
    {
        try
        {
            if (!System.IO.File.Exists(File)) return AccessBook.Empty;
            var book = JsonSerializer.Deserialize(System.IO.File.ReadAllBytes(File), AccessJson.Default.AccessBook) ?? AccessBook.Empty;
            return AccessBook.Merge(AccessBook.Empty, book, clock.GetUtcNow()); // In the order of the empty one's comparer.
        }
        catch (Exception error) when (error is JsonException or IOException)
        {
            // Nobody may log in, and a change would overwrite what somebody may still repair.
            throw new Refusal(Refusal.Conflict, $"{File} cannot be read: {error.Message}", "Repair it, or remove it and add the users again.");
        }
    }
}
