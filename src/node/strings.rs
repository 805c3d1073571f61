//! JavaScript's strings, buffers and arrays of numbers, as bytes and numbers, and back.

#![allow(unsafe_code, reason = "Node-API is a C interface")]

use std::{cell::RefCell, ptr};

use napi::{Error, Result, Status, bindgen_prelude::Float64Array, sys};

/// A value of the running callback, on its way back to JavaScript.
pub type Js = sys::napi_value;

/// Longer strings are measured first, which costs a second pass over them.
const BUFFER_BYTES: usize = 64 << 10;

thread_local! {
    static BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0; BUFFER_BYTES]);
}

/// Gives `read` the UTF-8 of a JavaScript string. Lone surrogates arrive as U+FFFD.
pub fn with_utf8<T>(env: sys::napi_env, value: sys::napi_value, read: impl FnOnce(&[u8]) -> T) -> Result<T> {
    BUFFER.with_borrow_mut(|buffer| {
        let mut written = 0;
        // SAFETY: `buffer` holds as many bytes as are announced; env and value are those of the running callback.
        let status = unsafe {
            sys::napi_get_value_string_utf8(
                env,
                value,
                buffer.as_mut_ptr().cast(),
                buffer.len(),
                &raw mut written,
            )
        };
        check(status, "expected a string")?;
        // A character takes up to 4 bytes, and a NUL follows: with less room left the text may have been cut.
        if written + 4 < buffer.len() {
            return Ok(read(&buffer[..written]));
        }
        let mut length = 0;
        // SAFETY: a null buffer asks for the length alone.
        let status =
            unsafe { sys::napi_get_value_string_utf8(env, value, ptr::null_mut(), 0, &raw mut length) };
        check(status, "expected a string")?;
        let mut long = vec![0; length + 1];
        // SAFETY: as above, with a buffer for the whole text and its NUL.
        let status = unsafe {
            sys::napi_get_value_string_utf8(
                env,
                value,
                long.as_mut_ptr().cast(),
                long.len(),
                &raw mut written,
            )
        };
        check(status, "expected a string")?;
        Ok(read(&long[..written]))
    })
}

/// Gives `read` the bytes of a `Uint8Array`.
pub fn with_bytes<T>(env: sys::napi_env, value: sys::napi_value, read: impl FnOnce(&[u8]) -> T) -> Result<T> {
    let (mut kind, mut length, mut data) = (0, 0, ptr::null_mut());
    let (mut buffer, mut offset) = (ptr::null_mut(), 0);
    // SAFETY: env and value are those of the running callback; every out-pointer is valid for its type.
    let status = unsafe {
        sys::napi_get_typedarray_info(
            env,
            value,
            &raw mut kind,
            &raw mut length,
            &raw mut data,
            &raw mut buffer,
            &raw mut offset,
        )
    };
    check(status, "expected a Uint8Array")?;
    if kind != sys::TypedarrayType::uint8_array || data.is_null() {
        return Ok(read(&[]));
    }
    // SAFETY: N-API gave pointer and length of live memory; no JavaScript runs while `read` borrows it.
    Ok(read(unsafe { std::slice::from_raw_parts(data.cast::<u8>().cast_const(), length) }))
}

/// A JavaScript string of UTF-8 `bytes`.
pub fn create(env: sys::napi_env, bytes: &[u8]) -> Result<sys::napi_value> {
    let mut value = ptr::null_mut();
    let length = isize::try_from(bytes.len()).map_err(|_| Error::from_status(Status::InvalidArg))?;
    // ASCII is Latin-1, which V8 copies instead of decoding it.
    // SAFETY: pointer and length describe `bytes`; V8 copies them. Invalid UTF-8 becomes U+FFFD.
    let status = unsafe {
        if bytes.is_ascii() {
            sys::napi_create_string_latin1(env, bytes.as_ptr().cast(), length, &raw mut value)
        } else {
            sys::napi_create_string_utf8(env, bytes.as_ptr().cast(), length, &raw mut value)
        }
    };
    check(status, "the string could not be created")?;
    Ok(value)
}

/// A Node.js `Buffer` with a copy of `bytes`.
pub fn create_buffer(env: sys::napi_env, bytes: &[u8]) -> Result<sys::napi_value> {
    let (mut value, mut data) = (ptr::null_mut(), ptr::null_mut());
    // SAFETY: pointer and length describe `bytes`; Node.js copies them.
    let status = unsafe {
        sys::napi_create_buffer_copy(env, bytes.len(), bytes.as_ptr().cast(), &raw mut data, &raw mut value)
    };
    check(status, "the buffer could not be created")?;
    Ok(value)
}

/// An array of numbers that JavaScript made and keeps, for both sides to read and write.
pub struct Numbers(Float64Array);

impl Numbers {
    pub fn new(array: Float64Array) -> Self {
        Self(array)
    }

    pub fn read(&self) -> &[f64] {
        &self.0
    }

    /// `numbers` from `start` on. What does not fit is left out.
    pub fn write(&mut self, start: usize, numbers: &[f64]) {
        // SAFETY: only the JavaScript thread holds this, no JavaScript runs while the slice is borrowed, and the array is
        // never transferred: the shim keeps it to itself.
        let all = unsafe { self.0.as_mut() };
        for (to, from) in all.iter_mut().skip(start).zip(numbers) {
            *to = *from;
        }
    }
}

pub fn check(status: sys::napi_status, message: &str) -> Result<()> {
    if status == sys::Status::napi_ok {
        Ok(())
    } else {
        Err(Error::new(Status::from(status), message.to_owned()))
    }
}
