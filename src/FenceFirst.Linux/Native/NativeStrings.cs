using System.Runtime.InteropServices;
using System.Text;

namespace FenceFirst.Linux.Native;

/// <summary>C strings outside the managed heap: nothing moves or frees them while a new process is being made.</summary>
internal sealed unsafe class NativeStrings : IDisposable
{
    private readonly List<nint> _memory = [];

    internal byte* Add(string text)
    {
        int length = Encoding.UTF8.GetByteCount(text);
        byte* bytes = (byte*)NativeMemory.Alloc((nuint)length + 1);
        _memory.Add((nint)bytes);
        Encoding.UTF8.GetBytes(text, new Span<byte>(bytes, length));
        bytes[length] = 0;
        return bytes;
    }

    /// <summary>A list that ends with a null pointer, as argv and environ do.</summary>
    internal byte** AddAll(IReadOnlyList<string> texts)
    {
        byte** list = (byte**)NativeMemory.Alloc((nuint)((texts.Count + 1) * sizeof(byte*)));
        _memory.Add((nint)list);
        for (int i = 0; i < texts.Count; i++)
        {
            list[i] = Add(texts[i]);
        }

        list[texts.Count] = null;
        return list;
    }

    public void Dispose()
    {
        foreach (nint memory in _memory)
        {
            NativeMemory.Free((void*)memory);
        }
    }
}
